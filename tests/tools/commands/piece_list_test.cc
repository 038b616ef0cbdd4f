// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "tools/commands/commp/piece_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/support/result_matchers.h"

namespace dagfs::tools {
namespace {

using testing::HasSubstr;
using testing::SizeIs;
using tests::FailsWith;
using tests::IsOkAnd;

// A mebibyte's, in the smallest piece that holds it.
const std::string kListedV1 =
    "baga6ea4seaqf6dw7bhx3c65s4nepiic2qtgzdfyywllbkmiz6vbchd2m3oboshi";
const std::string kListedV2 =
    "bafkzcibeqcad6ec7b3pqt35rpozogshuebnijtmrs4mlfvqvgem7kqrdr5gnxaxjdu";

// The only record of a list.
ListedPiece only_piece(const std::string& text) {
  auto pieces = parse_piece_list(text);
  EXPECT_THAT(pieces, IsOkAnd(SizeIs(1))) << text;
  return pieces.ok() && !pieces->empty() ? pieces->front() : ListedPiece();
}

std::string why_not(const std::string& text) {
  const auto pieces = parse_piece_list(text);
  EXPECT_THAT(pieces, FailsWith(ErrorCode::kCorrupt)) << text;
  return pieces.ok() ? std::string() : pieces.error().message();
}

TEST(ParsePieceList, TableWithoutNamesIsCidSizeAndFile) {
  for (const std::string& text :
       {kListedV1 + ",2097152,a b.car", kListedV1 + "\t2097152\ta b.car\n",
        kListedV1 + ";2097152;\"a b.car\"\r\n",
        "# made today\n\n" + kListedV1 + " , 2097152 , a b.car\n\n"}) {
    const ListedPiece piece = only_piece(text);
    EXPECT_EQ(piece.cid, kListedV1) << text;
    EXPECT_EQ(piece.any_size, 2097152) << text;
    EXPECT_EQ(piece.file, "a b.car") << text;
  }
}

TEST(ParsePieceList, ColumnsAreKnownByTheirNames) {
  const ListedPiece piece = only_piece(
      "payload_cid,filename,piece_cid,payload_size,piece_size,detail\n"
      "bafkqaaa,\"x\"\"y,\nz.car\"," +
      kListedV1 + ",1048576,2097152,{}\n");
  EXPECT_EQ(piece.file, "x\"y,\nz.car");
  EXPECT_EQ(piece.file_size, 1048576);
  ASSERT_TRUE(piece.expected.size.has_value());
  EXPECT_EQ(piece.expected.size->padded().bytes(), 2097152);
}

TEST(ParsePieceList, JsonMayBeAnArrayLinesOrAnObjectWithAnArray) {
  const std::string record = R"({"PieceCID":{"/":")" + kListedV1 +
                             R"("},"PieceSize":"2097152","roots":[1]})";
  for (const std::string& text : {"[" + record + "]", record, record + "\n\n",
                                  R"({"pieces":[)" + record + "]}"}) {
    const ListedPiece piece = only_piece(text);
    EXPECT_EQ(piece.cid, kListedV1) << text;
    EXPECT_TRUE(piece.expected.size.has_value()) << text;
  }
  EXPECT_THAT(parse_piece_list(record + "\n" + record), IsOkAnd(SizeIs(2)));
}

TEST(ParsePieceList, UnpaddedPieceSizeIsUnderstoodInEitherColumn) {
  for (const std::string column : {"unpadded_piece_size", "piece_size"}) {
    const ListedPiece piece =
        only_piece("cid," + column + "\n" + kListedV1 + ",2080768");
    ASSERT_TRUE(piece.expected.size.has_value());
    EXPECT_EQ(piece.expected.size->padded().bytes(), 2097152);
  }
}

TEST(ParsePieceList, Version2SaysTheSizeOfThePayload) {
  const ListedPiece piece = only_piece(kListedV2);
  EXPECT_EQ(piece.expected.cid.payload, mount::UnpaddedSize(1048576));
}

TEST(ParsePieceList, RecordThatIsWrongIsNamed) {
  EXPECT_THAT(why_not(kListedV1 + ",1\nnothing,2"), HasSubstr("record 2"));
  EXPECT_THAT(why_not("cid,size\n" + kListedV1 + ",many"),
              HasSubstr("no number"));
  EXPECT_THAT(why_not("cid,piece_size\n" + kListedV1 + ",3"),
              HasSubstr("record 1"));
  EXPECT_THAT(why_not("cid,piece_size\n" + kListedV2 + ",4194304"),
              HasSubstr("its CID says"));
  EXPECT_THAT(why_not("size,file\n1,2"), HasSubstr("no piece CID"));
  EXPECT_THAT(why_not("bafkqaaa,1,x"), HasSubstr("not the CID of a piece"));
}

TEST(ParsePieceList, WhatIsNoListIsRefused) {
  for (const std::string text :
       {"", " \n", "[1", "{}", "{\"a\":1}\n{", "[1]"}) {
    EXPECT_THAT(parse_piece_list(text), FailsWith(ErrorCode::kCorrupt)) << text;
  }
}

TEST(ParsePieceList, CutAtEveryByteNeverCrashes) {
  const std::string text = "cid,file\n" + kListedV1 + ",\"a\"\"b\"\n";
  for (std::size_t size = 0; size < text.size(); ++size) {
    static_cast<void>(parse_piece_list(text.substr(0, size)));
  }
}

TEST(CheckFileSize, SizeThatSaysNotOfWhatMayBeOfFileOrPiece) {
  for (const std::string size : {"1048576", "2097152", "2080768", "4194304"}) {
    EXPECT_TRUE(
        check_file_size(only_piece(kListedV1 + "," + size), 1048576).ok())
        << size;
  }
  for (const std::string size : {"1048577", "1048448", "1", "127"}) {
    EXPECT_THAT(check_file_size(only_piece(kListedV1 + "," + size), 1048576),
                FailsWith(ErrorCode::kCorrupt))
        << size;
  }
}

TEST(CheckFileSize, FileMustHaveTheListedSize) {
  const ListedPiece piece = only_piece("cid,car_size\n" + kListedV1 + ",1000");
  EXPECT_TRUE(check_file_size(piece, 1000).ok());
  EXPECT_THAT(check_file_size(piece, 1001), FailsWith(ErrorCode::kCorrupt));
}

}  // namespace
}  // namespace dagfs::tools
