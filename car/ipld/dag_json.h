// SPDX-License-Identifier: Apache-2.0 OR MIT

// DAG-JSON: the data model as JSON text.
// https://ipld.io/specs/codecs/dag-json/spec/ and docs/formats/dag_json.md

#pragma once

#include <string>

#include "car/base/bytes.h"
#include "car/base/result.h"
#include "car/ipld/ipld_node.h"

namespace dagfs::car {

// All of `bytes` is one value; space around tokens is let pass, and the order
// of keys. {"/": CID} is a link, {"/": {"bytes": base64}} is bytes, and any
// other map with the key "/" is refused, because the format keeps it for
// itself. Numbers with a fraction or exponent are floats.
//
// kCorrupt: not so, not JSON, not UTF-8, a key twice, an integer outside
// IpldInteger. kExhausted: deeper, more or longer than kNodeDepthMax,
// kNodeValuesMax, kNodeSizeMax.
Result<IpldNode> decode_dag_json(ByteView bytes);

// The canonical form: keys in the order of their bytes, no space, floats as
// short as reads back the same and always with a point or exponent.
// kUnsupported: the node holds what DAG-JSON does not: text that is not UTF-8,
// a map with the key "/", equal keys, a float that is not finite.
Result<std::string> encode_dag_json(const IpldNode& node);

// The same text for reading rather than for hashing: of every node, and the
// same wherever encode_dag_json has an answer. A byte that is not UTF-8, 0xXX,
// becomes "\udcXX", which no UTF-8 text has, so nothing is lost; a map with the
// key "/" is written as it is, and may then read like a link; a float that is
// not finite, which no decoder gives, is null.
std::string dag_json_text(const IpldNode& node);

}  // namespace dagfs::car
