// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/car_header.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "car/base/endian.h"
#include "car/ipld/varint.h"
#include "tests/support/car_builder.h"
#include "tests/support/from_hex.h"
#include "tests/support/result_matchers.h"

namespace dagfs::tests {
namespace {

using car::CarHeader;
using car::Cid;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;

Result<CarHeader> read(Bytes bytes) {
  return car::read_car_header(MemoryFile(std::move(bytes)));
}

// A CARv1 whose header map is given in hex.
Result<CarHeader> read_map(const std::string& hex) {
  const Bytes map = from_hex(hex);
  Bytes car;
  car::append_varint(map.size(), &car);
  car.insert(car.end(), map.begin(), map.end());
  return read(std::move(car));
}

constexpr const char* kRoots = "65726f6f7473";        // "roots"
constexpr const char* kVersion = "6776657273696f6e";  // "version"

std::string message_of(const Result<CarHeader>& header) {
  EXPECT_THAT(header, FailsWith(ErrorCode::kCorrupt));
  return header.ok() ? "" : header.error().message();
}

TEST(ReadCarHeader, NoRootsIsSeventeenBytes) {
  const Bytes car = car::encode_car_header({});

  const auto header = read(car);

  EXPECT_EQ(to_hex(car), "11a265726f6f7473806776657273696f6e01");
  ASSERT_TRUE(header.ok());
  EXPECT_EQ(header->version, 1u);
  EXPECT_THAT(header->roots, IsEmpty());
  EXPECT_EQ(header->first_section, 18u);
  EXPECT_EQ(header->payload, (ByteRange{0, 18}));
  EXPECT_FALSE(header->v2.has_value());
}

TEST(ReadCarHeader, OneRootOf36BytesEndsAt59) {
  CarBuilder builder;
  const Cid cid = builder.block("a");
  builder.root(cid);

  const auto header = read(builder.bytes());

  ASSERT_TRUE(header.ok());
  EXPECT_THAT(header->roots, ElementsAre(cid));
  EXPECT_EQ(header->first_section, 59u);
}

TEST(ReadCarHeader, ManyRootsKeepOrderAndDuplicates) {
  CarBuilder builder;
  std::vector<Cid> roots;
  for (int i = 0; i < 300; ++i) {
    roots.push_back(builder.block(std::to_string(i % 200)));
    builder.root(roots.back());
  }

  EXPECT_THAT(read(builder.bytes()), IsOkAnd(Field(&CarHeader::roots, roots)));
}

TEST(ReadCarHeader, KeysMayComeInAnyOrder) {
  EXPECT_THAT(read_map(std::string("a2") + kVersion + "01" + kRoots + "80"),
              IsOkAnd(Field(&CarHeader::roots, IsEmpty())));
}

TEST(ReadCarHeader, EmptyFileIsNoCar) {
  EXPECT_THAT(message_of(read({})), HasSubstr("empty"));
}

TEST(ReadCarHeader, MalformedMapsSayWhatIsWrong) {
  const std::string roots = std::string(kRoots) + "80";
  const std::string version = std::string(kVersion) + "01";
  const std::pair<std::string, std::string> cases[] = {
      {"f6", "expected a map"},
      {"8201"
       "80",
       "expected a map"},
      {"a1" + version, "no roots"},
      {"a1" + roots, "no version"},
      {"a2" + roots + kVersion + "02", "version 2, expected 1"},
      {"a2" + roots + kVersion + "182a", "version 42"},
      {"a2" + roots + kVersion + "6131", "expected a version"},
      {"a2" + roots + kVersion + "1801", "shortest form"},
      {"a3" + roots + version + "64626c6970f5", "unknown or repeated"},
      {"a3" + roots + version + roots, "unknown or repeated"},
      {"a2" + roots + version + "00", "1 bytes follow"},
      {"bf" + roots + version + "ff", "no definite length"},
      {"a2" + std::string(kRoots) + "9fff" + version, "no definite length"},
      {"a2" + std::string(kRoots) + "8101" + version, "expected a link"},
      {"a2" + std::string(kRoots) + "81d82b4100" + version, "tag 43"},
      {"a2" + std::string(kRoots) + "81d82a40" + version, "begin with 0"},
      {"a2" + std::string(kRoots) + "81d82a4101" + version, "begin with 0"},
      {"a2" + std::string(kRoots) + "81d82a4100" + version, "root: "},
      {"a2" + std::string(kRoots) + "81d82a450001550000" + version, ""},
  };
  for (const auto& [map, message] : cases) {
    SCOPED_TRACE(map);
    const auto header = read_map(map);
    if (message.empty()) {
      EXPECT_TRUE(header.ok());  // An empty identity CID.
    } else {
      EXPECT_THAT(message_of(header), HasSubstr(message));
    }
  }
}

TEST(ReadCarHeader, CutAtEveryByteIsCorrupt) {
  CarBuilder builder;
  const Cid cid = builder.block("a");
  builder.root(cid);
  const Bytes header = car::encode_car_header({cid});

  for (std::size_t size = 0; size < header.size(); ++size) {
    SCOPED_TRACE(size);
    EXPECT_THAT(read(Bytes(header.begin(),
                           header.begin() + static_cast<std::ptrdiff_t>(size))),
                FailsWith(ErrorCode::kCorrupt));
  }
}

TEST(ReadCarHeader, LargestLengthsAreRefusedBeforeAnythingIsAllocated) {
  const std::string max8 = "ffffffffffffffff";
  EXPECT_THAT(message_of(read(from_hex("ffffffffffffffff7f"))),
              HasSubstr("is more than"));
  EXPECT_THAT(message_of(read(from_hex("80808010"))),  // 32 MiB: allowed.
              HasSubstr("past the end"));
  EXPECT_THAT(message_of(read(from_hex("81808010"))),
              HasSubstr("is more than"));
  EXPECT_THAT(read_map("bb" + max8), FailsWith(ErrorCode::kCorrupt));
  EXPECT_THAT(message_of(read_map("a17b" + max8)), HasSubstr("are left"));
  EXPECT_THAT(message_of(read_map(std::string("a1") + kRoots + "9b" + max8)),
              HasSubstr("roots, at most"));
  EXPECT_THAT(message_of(read_map(std::string("a1") + kRoots + "9a00100000")),
              HasSubstr("ends before"));
  EXPECT_THAT(read_map(std::string("a1") + kRoots + "81d82a5b" + max8),
              FailsWith(ErrorCode::kCorrupt));
  EXPECT_THAT(
      read_map(std::string("a2") + kVersion + "1b" + max8 + kRoots + "80"),
      FailsWith(ErrorCode::kCorrupt));
}

// A CARv2 with one block, and a way to write over its header's fields.
class CarV2 : public testing::Test {
 protected:
  CarV2() {
    builder_.block("a");
    builder_.version2();
    bytes_ = builder_.bytes();
  }

  void set(std::size_t offset, std::uint64_t value) {
    store_le(bytes_.data() + offset, value);
  }

  static constexpr std::size_t kPayloadOffset = 27;
  static constexpr std::size_t kPayloadSize = 35;
  static constexpr std::size_t kIndexOffset = 43;

  CarBuilder builder_;
  Bytes bytes_;
};

TEST_F(CarV2, PayloadIsTheCarInside) {
  const auto header = read(bytes_);

  ASSERT_TRUE(header.ok());
  EXPECT_EQ(header->version, 2u);
  EXPECT_EQ(header->payload, (ByteRange{51, bytes_.size() - 51}));
  EXPECT_EQ(header->first_section, 18u);
  EXPECT_EQ(header->v2->index_offset, 0u);
  EXPECT_FALSE(header->v2->fully_indexed());
}

TEST_F(CarV2, CutAtEveryByteIsCorrupt) {
  for (std::size_t size = 0; size < bytes_.size(); ++size) {
    SCOPED_TRACE(size);
    const auto cut = bytes_.begin() + static_cast<std::ptrdiff_t>(size);
    EXPECT_THAT(read(Bytes(bytes_.begin(), cut)),
                FailsWith(ErrorCode::kCorrupt));
  }
}

TEST_F(CarV2, UnfinishedOneSaysSo) {
  builder_.unfinished();

  EXPECT_THAT(message_of(read(builder_.bytes())), HasSubstr("never finished"));
}

TEST_F(CarV2, UnknownCharacteristicsAreTolerated) {
  set(11, 0x7f);
  set(19, ~std::uint64_t{0});

  EXPECT_TRUE(read(bytes_).ok());
}

TEST_F(CarV2, PayloadInsideTheHeaderIsCorrupt) {
  set(kPayloadOffset, 50);

  EXPECT_THAT(message_of(read(bytes_)), HasSubstr("inside the 51 bytes"));
}

TEST_F(CarV2, EmptyPayloadIsCorrupt) {
  set(kPayloadSize, 0);

  EXPECT_THAT(message_of(read(bytes_)), HasSubstr("payload of 0 bytes"));
}

TEST_F(CarV2, PayloadPastTheEndIsCorrupt) {
  set(kPayloadSize, bytes_.size() - 50);

  EXPECT_THAT(message_of(read(bytes_)), HasSubstr("runs past the file's end"));
}

TEST_F(CarV2, LargestOffsetsAndSizesAreCorrupt) {
  for (const std::size_t field : {kPayloadOffset, kPayloadSize}) {
    for (const std::uint64_t value :
         {~std::uint64_t{0}, std::uint64_t{1} << 63, ~std::uint64_t{0} - 50}) {
      Bytes bytes = bytes_;
      store_le(bytes.data() + field, value);
      EXPECT_THAT(read(bytes), FailsWith(ErrorCode::kCorrupt));
    }
  }
}

TEST_F(CarV2, WrongIndexOffsetIsNoConcernOfTheHeader) {
  set(kIndexOffset, ~std::uint64_t{0});

  EXPECT_TRUE(read(bytes_).ok());
}

TEST_F(CarV2, CarV2InsideIsCorrupt) {
  CarBuilder outer;
  outer.header_bytes(bytes_).version2();

  EXPECT_THAT(message_of(read(outer.bytes())), HasSubstr("version 2"));
}

}  // namespace
}  // namespace dagfs::tests
