// SPDX-License-Identifier: Apache-2.0
#include "windrow/source/pod_cluster.h"

#include <charconv>
#include <cstring>

namespace windrow::source {

TextWriter& TextWriter::Add(std::string_view text) {
  std::memcpy(end_, text.data(), text.size());
  end_ += text.size();
  return *this;
}

TextWriter& TextWriter::Add(int64_t number, int digits) {
  char text[20];
  const char* const end = std::to_chars(text, text + sizeof(text), number).ptr;
  for (int64_t zeros = digits - (end - text); zeros > 0; --zeros) *end_++ = '0';
  return Add({text, end});
}

TextWriter& TextWriter::AddLabel(bool as_pipes, std::string_view key,
                                 std::string_view value, int64_t number) {
  const bool is_first = end_ == begin_;
  if (as_pipes) {
    Add(is_first ? "label_" : "|label_").Add(key).Add(":").Add(value);
    return number < 0 ? *this : Add(number);
  }
  Add(is_first ? "{\"" : ", \"").Add(key).Add("\": \"").Add(value);
  if (number >= 0) Add(number);
  return Add("\"");
}

std::vector<GeneratedColumn> PodColumns::Take() {
  if (cluster_.is_hourly()) list.Text("cluster_id", {"bench"}, [](int64_t) { return 0; });
  return list.Take();
}

}  // namespace windrow::source
