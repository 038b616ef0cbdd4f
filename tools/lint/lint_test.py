#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 OR MIT
"""The checks find what they are for, and nothing in good sources."""

import unittest

import check_layering
import check_sources
import count_tests

GOOD_HEADER = "// SPDX-License-Identifier: Apache-2.0 OR MIT\n\n#pragma once\n"


def layering(name, text):
    return list(check_layering.violations_of(name, text))


def sources(name, text, root="/some/where"):
    return list(check_sources.violations_of(name, text, root))


class Layering(unittest.TestCase):
    def test_lower_layers_and_packages_may_be_included(self):
        text = '#include "car/base/bytes.h"\n#include <vector>\n#include <fmt/core.h>\n'
        self.assertEqual(layering("dagstore/a.cc", text), [])

    def test_higher_layer_is_found(self):
        self.assertEqual(len(layering("car/a.h", '#include "dagstore/dagstore.h"\n')), 1)
        self.assertEqual(len(layering("car/base/a.h", '#include "car/cid.h"\n')), 1)

    def test_package_outside_its_fence_is_found(self):
        self.assertEqual(len(layering("dagstore/registry.cc", "#include <leveldb/db.h>\n")), 1)
        self.assertEqual(layering("dagstore/level_db.cc", "#include <leveldb/db.h>\n"), [])
        self.assertEqual(len(layering("fs/node.h", "#include <fuse_lowlevel.h>\n")), 1)
        self.assertEqual(layering("fs/fuse/session.cc", "#include <fuse_lowlevel.h>\n"), [])

    def test_tests_and_relative_paths_are_found(self):
        self.assertEqual(len(layering("fs/a.cc", '#include "tests/support/x.h"\n')), 1)
        self.assertEqual(len(layering("fs/a.cc", '#include "../car/cid.h"\n')), 1)
        self.assertEqual(len(layering("fs/a.cc", '#include "node.h"\n')), 1)


class Sources(unittest.TestCase):
    def test_good_header_passes(self):
        self.assertEqual(sources("car/a.h", GOOD_HEADER), [])

    def test_missing_licence_and_guard_are_found(self):
        self.assertEqual(len(sources("car/a.h", "int x;\n")), 2)
        self.assertEqual(len(sources("tools/x", "#!/bin/sh\necho\n")), 1)

    def test_large_file_is_found(self):
        self.assertEqual(len(sources("car/a.h", GOOD_HEADER + "\n" * 300)), 1)
        self.assertEqual(len(sources("docs/a.md", "x\n" * 201)), 1)

    def test_function_length_is_that_of_signature_to_brace(self):
        spdx = GOOD_HEADER.splitlines()[0] + "\n"
        body = "void f(\n    int x) {\n" + "  x();\n" * 67
        self.assertEqual(sources("car/a.cc", spdx + body + "}\n"), [])
        self.assertEqual(len(sources("car/a.cc", spdx + body + "  x();\n}\n")), 1)

    def test_promise_needs_a_reason(self):
        self.assertEqual(len(sources("docs/a.md", "TODO: later\n")), 1)
        self.assertEqual(sources("docs/a.md", "TODO(needs libfuse 3.17): use it then\n"), [])

    def test_ranges_that_one_compiler_cannot_compile_are_found(self):
        line = "auto x = std::ranges::{}(a);\n"
        self.assertEqual(len(sources("car/a.h", GOOD_HEADER + line.format("unique"))), 1)
        self.assertEqual(sources("car/a.h", GOOD_HEADER + line.format("sort")), [])

    def test_path_of_this_machine_is_found(self):
        self.assertEqual(len(sources("docs/a.md", "see /some/where/docs\n")), 1)


class CountTests(unittest.TestCase):
    def test_passed_skipped_failed_and_not_started_are_told_apart(self):
        report = """<testsuite>
          <testcase name="a" status="run"/>
          <testcase name="b" status="fail"><failure message=""/></testcase>
          <testcase name="c" status="notrun">
            <skipped message="SKIP_REGULAR_EXPRESSION_MATCHED"/></testcase>
          <testcase name="d" status="notrun">
            <skipped message="Unable to find executable"/></testcase>
          <testcase name="e" status="disabled"/>
        </testsuite>"""
        self.assertEqual(count_tests.count(report), (4, 2, 1, ["b", "d"]))


if __name__ == "__main__":
    unittest.main()
