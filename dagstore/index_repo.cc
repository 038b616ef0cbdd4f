// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "dagstore/index_repo.h"

#include <fmt/core.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "car/base/bytes.h"
#include "car/base/kill_point.h"

namespace dagfs::dagstore {
namespace {

// Of a segment it ends otherwise, so that no other key has the same.
std::string name_of(const ShardKey& key) {
  const auto segment = key.as_segment();
  if (!segment) return key.text() + ".idx";
  return fmt::format("{}.idx.{}", segment->aggregate.text(), segment->number);
}

std::string fan_out_of(const ShardKey& key) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest = {};
  SHA256(reinterpret_cast<const unsigned char*>(key.text().data()),
         key.text().size(), digest.data());
  return fmt::format("{:02x}/{:02x}", digest[0], digest[1]);
}

Status unlink_if_there(const std::string& path) {
  if (::unlink(path.c_str()) == 0 || errno == ENOENT || errno == ENOTDIR) {
    return ok_status();
  }
  return error_from_errno(errno, path);
}

}  // namespace

std::string IndexRepo::folder_of(const ShardKey& key) const {
  return folder_ + '/' + fan_out_of(key);
}

std::string IndexRepo::path_of(const ShardKey& key) const {
  return folder_of(key) + '/' + name_of(key);
}

Result<DurableFile> IndexRepo::create(const ShardKey& key) const {
  const std::string folder = folder_of(key);
  DAGFS_TRY(make_folder(folder.substr(0, folder.find_last_of('/'))));
  DAGFS_TRY(make_folder(folder));
  DurableFile file = DAGFS_TRY(DurableFile::create(folder, name_of(key)));
  kill_point("index.created");
  return file;
}

Result<std::shared_ptr<const RandomAccessFile>> IndexRepo::open(
    const ShardKey& key, std::uint64_t size) const {
  std::shared_ptr<const RandomAccessFile> file =
      DAGFS_TRY(PosixFile::open(path_of(key)));
  if (file->size() != size) {
    return Error(ErrorCode::kCorrupt, fmt::format("{} bytes long instead of {}",
                                                  file->size(), size));
  }
  return file;
}

Status IndexRepo::remove(const ShardKey& key) const {
  DAGFS_TRY(unlink_if_there(path_of(key)));
  return unlink_if_there(folder_of(key) + '/' + temporary_name(name_of(key)));
}

Result<std::string> sha256_of(const RandomAccessFile& file) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(
      EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  if (context == nullptr ||
      EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) != 1) {
    return Error(ErrorCode::kExhausted, "OpenSSL has no sha256");
  }
  Bytes buffer(std::size_t{256} * 1024);
  for (std::uint64_t offset = 0; offset < file.size();) {
    const std::size_t count = DAGFS_TRY(file.read_some_at(offset, buffer));
    if (count == 0) break;  // Cut since it was opened: the digest will say so.
    EVP_DigestUpdate(context.get(), buffer.data(), count);
    offset += count;
  }
  std::array<std::byte, SHA256_DIGEST_LENGTH> digest = {};
  EVP_DigestFinal_ex(context.get(),
                     reinterpret_cast<unsigned char*>(digest.data()), nullptr);
  return to_hex(digest);
}

}  // namespace dagfs::dagstore
