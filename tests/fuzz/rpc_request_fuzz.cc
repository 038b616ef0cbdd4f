// SPDX-License-Identifier: Apache-2.0 OR MIT

// Whatever a client sends, the answer is one line of JSON with either a result
// or an error, and only notifications are not answered.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "tests/tools/fake_store_service.h"
#include "tools/rpc/store_methods.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  using dagfs::tools::Json;
  dagfs::tests::FakeStoreService service;
  (void)service.register_shards({{"a", "file:///a.car"}, {"b", "bad"}});

  const std::string_view line(reinterpret_cast<const char*>(data), size);
  const std::optional<std::string> answer = dagfs::tools::answer_line(
      line, service, [](std::string_view, const Json&) {});
  if (!answer) return 0;
  if (answer->find('\n') != std::string::npos) std::abort();
  const Json json = Json::parse(*answer, nullptr, false);
  if (!json.is_object()) std::abort();
  if (json.contains("result") == json.contains("error")) std::abort();
  return 0;
}
