// SPDX-License-Identifier: Apache-2.0
#include "windrow/service/service_metrics.h"

#include <sstream>
#include <string_view>

namespace windrow::service {
namespace {

void Add(std::ostringstream* text, std::string_view name, std::string_view type,
         std::string_view help, int64_t value) {
  *text << "# HELP " << name << ' ' << help << "\n# TYPE " << name << ' ' << type << '\n'
        << name << ' ' << value << '\n';
}

}  // namespace

std::string ToPrometheus(const ServiceMetrics& metrics, int streams_under_way) {
  std::ostringstream text;
  Add(&text, "windrow_serve_streams", "gauge", "Streams under way.", streams_under_way);
  Add(&text, "windrow_serve_streams_total", "counter", "Streams begun.", metrics.streams);
  Add(&text, "windrow_serve_refused_total", "counter", "Calls refused.", metrics.refused);
  Add(&text, "windrow_serve_messages_total", "counter", "Messages sent.",
      metrics.messages);
  Add(&text, "windrow_serve_sent_bytes_total", "counter", "Bytes of messages sent.",
      metrics.bytes);
  Add(&text, "windrow_serve_stored_bytes_total", "counter",
      "Bytes sent as the files hold them compressed.", metrics.stored_bytes);
  Add(&text, "windrow_serve_filters_total", "counter", "Key filters received.",
      metrics.filters);
  return text.str();
}

}  // namespace windrow::service
