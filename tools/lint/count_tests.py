#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Adds up a JUnit report of ctest: "RUN FAILED SKIPPED NAMES-OF-FAILED"."""

import sys
import xml.etree.ElementTree


SKIPPED_ITSELF = ("SKIP_REGULAR_EXPRESSION_MATCHED", "SKIP_RETURN_CODE")


def outcome(case):
    """passed, skipped or failed. What ctest could not start has failed."""
    if case.get("status") == "run":
        return "passed"
    skipped = case.find("skipped")
    message = "" if skipped is None else skipped.get("message", "")
    return "skipped" if message.startswith(SKIPPED_ITSELF) else "failed"


def count(report):
    """(tests, failed, skipped, names of the failed) of the report's text."""
    cases = xml.etree.ElementTree.fromstring(report).findall("testcase")
    # What is disabled is a part that other tests start.
    cases = [case for case in cases if case.get("status") != "disabled"]
    failed = [case.get("name") for case in cases if outcome(case) == "failed"]
    skipped = [case for case in cases if outcome(case) == "skipped"]
    return len(cases), len(failed), len(skipped), failed


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as file:
        total, failed, skipped, names = count(file.read())
    if total == 0:
        sys.exit("no tests in the report")
    print(total, failed, skipped, " ".join(names))
