// SPDX-License-Identifier: Apache-2.0 OR MIT

// dag-cbor: the data model in a strict subset of CBOR.
// https://ipld.io/specs/codecs/dag-cbor/spec/ and docs/formats/dag_cbor.md

#pragma once

#include <cstdint>

#include "car/base/bytes.h"
#include "car/base/result.h"
#include "car/ipld/ipld_node.h"

namespace dagfs::car {

// Filecoin's chain has maps whose keys are not in order and strings that are
// not UTF-8, in its genesis block already, and every reader takes them.
enum class DagCborForm : std::uint8_t {
  kAsFound,    // Those two are let pass.
  kCanonical,  // Nothing but what encode_dag_cbor writes.
};

// All of `bytes` is one value. Either form: integers and lengths are as short
// as can be, none is indefinite, floats have 64 bits and are finite, the only
// tag is 42 and holds a CID, map keys are strings and differ.
//
// kCorrupt: not so, or cut short; the message has the offset. kExhausted:
// deeper, more or longer than kNodeDepthMax, kNodeValuesMax, kNodeSizeMax.
Result<IpldNode> decode_dag_cbor(ByteView bytes,
                                 DagCborForm form = DagCborForm::kAsFound);

// Keys are ordered by length, then bytes. kUnsupported: the node holds what
// dag-cbor does not: a float that is not finite (negative zero, which equals
// another number, is written as that one), text that is not UTF-8, equal keys.
Result<Bytes> encode_dag_cbor(const IpldNode& node);

}  // namespace dagfs::car
