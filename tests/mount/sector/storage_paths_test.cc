// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "mount/sector/storage_paths.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/support/result_matchers.h"
#include "tests/support/temporary_folder.h"

namespace dagfs::mount {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using tests::FailsWith;
using tests::IsOkAnd;
using tests::TemporaryFolder;

constexpr SectorId kSector{.miner = 1000, .number = 7};

// As Lotus writes it, with what later versions added.
constexpr const char* kSectorStore = R"({
  "ID": "6d5a0b2c-5d0e-4e0c-8d3c-0a3d2f3c9d11",
  "Weight": 10,
  "CanSeal": false,
  "CanStore": true,
  "MaxStorage": 0,
  "Groups": ["a"],
  "AllowTypes": null
})";

TEST(SectorId, NameIsThatOfTheFile) { EXPECT_EQ(kSector.name(), "s-t01000-7"); }

TEST(StorageConfig, ListsAbsoluteFolders) {
  EXPECT_THAT(parse_storage_config(R"({
  "StoragePaths": [
    {
      "Path": "/srv/one"
    },
    {"Path": "relative"}, {"Path": ""}, {"Path": "/srv/two", "Other": 1}
  ],
  "More": []
})"),
              IsOkAnd(ElementsAre("/srv/one", "/srv/two")));
  EXPECT_THAT(parse_storage_config(R"({"StoragePaths":[]})"),
              IsOkAnd(IsEmpty()));
}

TEST(StorageConfig, WhateverElseIsCorrupt) {
  for (const char* text :
       {"", "[]", "{}", R"({"StoragePaths":{}})", R"({"StoragePaths":["/a"]})",
        R"({"StoragePaths":[{}]})", R"({"StoragePaths":[{"Path":1}]})"}) {
    EXPECT_THAT(parse_storage_config(text), FailsWith(ErrorCode::kCorrupt))
        << text;
  }
}

TEST(StorageConfig, CutAnywhereIsCorrupt) {
  const std::string_view whole = R"({"StoragePaths":[{"Path":"/srv"}]})";
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_THAT(parse_storage_config(whole.substr(0, size)),
                FailsWith(ErrorCode::kCorrupt));
  }
}

TEST(StorageWeight, IsReadAmongOtherSettings) {
  EXPECT_THAT(parse_storage_weight(kSectorStore), IsOkAnd(10U));
  EXPECT_THAT(parse_storage_weight("{}"), IsOkAnd(0U));
  EXPECT_THAT(parse_storage_weight(R"({"Weight":18446744073709551615})"),
              IsOkAnd(UINT64_MAX));
  for (const char* text : {"", "1", R"({"Weight":-1})", R"({"Weight":"1"})",
                           R"({"Weight":18446744073709551616})"}) {
    EXPECT_THAT(parse_storage_weight(text), FailsWith(ErrorCode::kCorrupt))
        << text;
  }
}

class UnsealedCopiesTest : public testing::Test {
 protected:
  // A storage path with the sector in it.
  std::string add_path(const std::string& name, unsigned weight) {
    folder.write(name + "/sectorstore.json",
                 R"({"Weight":)" + std::to_string(weight) + "}");
    return folder.write(name + "/unsealed/s-t01000-7", "x");
  }

  void write_config(const std::vector<std::string>& names) {
    std::string paths;
    for (const std::string& name : names) {
      if (!paths.empty()) paths += ',';
      paths += R"({"Path":")" + folder.path(name) + R"("})";
    }
    folder.write("storage.json", R"({"StoragePaths":[)" + paths + "]}");
  }

  UnsealedCopies find() const {
    return find_unsealed_copies({folder.path("storage.json")}, kSector);
  }

  TemporaryFolder folder;
};

TEST_F(UnsealedCopiesTest, HeaviestFolderFirst) {
  const std::string light = add_path("light", 1);
  const std::string heavy = add_path("heavy", 10);
  const std::string other = add_path("other", 10);
  folder.write("empty/sectorstore.json", kSectorStore);
  write_config({"light", "empty", "heavy", "other"});
  const UnsealedCopies found = find();
  EXPECT_THAT(found.files, ElementsAre(heavy, other, light));
  EXPECT_EQ(found.folders_searched, 4U);
  EXPECT_THAT(found.trouble, IsEmpty());
}

TEST_F(UnsealedCopiesTest, FoldersComeAndGo) {
  const std::string file = add_path("disk", 1);
  write_config({"disk"});
  EXPECT_THAT(find().files, ElementsAre(file));
  std::filesystem::rename(folder.path("disk"), folder.path("detached"));
  EXPECT_THAT(find().files, IsEmpty());
  std::filesystem::rename(folder.path("detached"), folder.path("disk"));
  EXPECT_THAT(find().files, ElementsAre(file));

  write_config({});
  EXPECT_THAT(find().files, IsEmpty());
}

TEST_F(UnsealedCopiesTest, UnreadableConfigIsToldAndOthersAreUsed) {
  const std::string file = add_path("disk", 1);
  write_config({"disk"});
  const std::string broken = folder.write("broken.json", "{");
  const UnsealedCopies found = find_unsealed_copies(
      {folder.path("none.json"), broken, folder.path("storage.json")}, kSector);
  EXPECT_THAT(found.files, ElementsAre(file));
  EXPECT_THAT(found.trouble, HasSubstr("broken.json"));
}

TEST_F(UnsealedCopiesTest, DamagedWeightIsTheLeast) {
  const std::string damaged = add_path("damaged", 5);
  folder.write("damaged/sectorstore.json", "{");
  const std::string light = add_path("light", 1);
  write_config({"damaged", "light"});
  EXPECT_THAT(find().files, ElementsAre(light, damaged));
}

}  // namespace
}  // namespace dagfs::mount
