// SPDX-License-Identifier: Apache-2.0
#include "windrow/exec/switches.h"

#include <algorithm>
#include <variant>

#include "windrow/base/byte_size.h"
#include "windrow/base/near_name.h"

namespace windrow::exec {
namespace {

struct Switch {
  std::string name;
  std::variant<bool Switches::*, int64_t Switches::*> field;
  int64_t least;  ///< of a size
  std::string meaning;
  std::string fallback;
};

const std::vector<Switch>& AllSwitches() {
  static const std::vector<Switch> switches = {
      {"identity_keys", &Switches::identity_keys, 0,
       "a join key that counts up by one is its own row number", "a key table is built"},
      {"dense_keys", &Switches::dense_keys, 0,
       "integer keys in a narrow range index an array", "keys are hashed"},
      {"swap_sides", &Switches::swap_sides, 0,
       "a join builds its table from the side with fewer keys",
       "the right side is built"},
      {"late_payload", &Switches::late_payload, 0,
       "payload columns of a scan are read only for rows that joined",
       "the built side is read whole and kept, and always the right one"},
      {"send_keys", &Switches::send_keys, 0,
       "the keys of a smaller side go to the server that has the other, which sends the "
       "rows with these keys only",
       "all of its rows are sent"},
      {"push_filters", &Switches::push_filters, 0,
       "filters move to the scans they concern", "filters run where they are written"},
      {"prune_scans", &Switches::prune_scans, 0,
       "row groups and folders whose statistics exclude a match are not read",
       "everything is read and filtered"},
      {"sorted_keys", &Switches::sorted_keys, 0,
       "a collect whose input is sorted by its keys, as a look at them shows, keeps one "
       "group at a time",
       "its input is kept and grouped"},
      {"prefetch", &Switches::prefetch, 0,
       "parts of objects in a store are fetched ahead, many at once",
       "one request at a time, when its bytes are needed"},
      {"partial_aggregation", &Switches::partial_aggregation, 0,
       "a batch whose rows share keys is aggregated where it is read",
       "its rows are aggregated one by one"},
      {"dictionary_keys", &Switches::dictionary_keys, 0,
       "text that an aggregate works with is read as the codes it is stored as",
       "it is read as values"},
      {"label_memo", &Switches::label_memo, 0,
       "label functions compute what a distinct text gives once and remember it",
       "they compute every row"},
      {"broadcast", &Switches::broadcast, 0,
       "on a cluster, a join's right side goes to every node where that moves less",
       "both sides go to partitions of their keys"},
      {"split_partitions", &Switches::split_partitions, 0,
       "on a cluster, several tasks share a partition that has far more rows than others",
       "one task has all of it"},
      {"sync_outputs", &Switches::sync_outputs, 0,
       "an output is on the device before it gets its name, so it survives a power cut",
       "outputs survive the end of the process, as they do with any tool that does not "
       "sync"},
      {"binary_copy", &Switches::binary_copy, 0,
       "rows go to PostgreSQL in its binary form", "they go as text"},
      {"morsel_rows", &Switches::morsel_rows, 1, "most rows of a batch between steps",
       ""},
      {"morsel_bytes", &Switches::morsel_bytes, 1024,
       "most bytes of a batch read from a source", ""},
      {"window_bytes", &Switches::window_bytes, 0,
       "joined output gathered at once; 0 is an eighth of the budget, 8 to 512 MiB", ""},
      {"split_rows", &Switches::split_rows, 1,
       "least rows of a source that one task of a cluster reads", ""},
      {"piece_bytes", &Switches::piece_bytes, 1,
       "rows that a task of a cluster gets from an exchange, about", ""},
  };
  return switches;
}

Result<bool> ParseOnOff(std::string_view name, std::string_view value) {
  for (const std::string_view on : {"on", "true", "1"}) {
    if (value == on) return true;
  }
  for (const std::string_view off : {"off", "false", "0"}) {
    if (value == off) return false;
  }
  return UserError("--set ", name, "=", value, ": expected on or off");
}

}  // namespace

std::vector<SwitchInfo> ListSwitches() {
  const Switches defaults;
  std::vector<SwitchInfo> infos;
  for (const Switch& entry : AllSwitches()) {
    std::string value;
    if (const auto* flag = std::get_if<bool Switches::*>(&entry.field)) {
      value = defaults.*(*flag) ? "on" : "off";
    } else {
      value = std::to_string(defaults.*std::get<int64_t Switches::*>(entry.field));
    }
    infos.push_back({entry.name, value, entry.meaning, entry.fallback});
  }
  return infos;
}

Status SetSwitch(std::string_view assignment, Switches* switches) {
  const size_t equals = assignment.find('=');
  if (equals == std::string_view::npos) {
    return UserError("--set ", assignment, ": expected NAME=VALUE");
  }
  const std::string_view name = assignment.substr(0, equals);
  const std::string_view value = assignment.substr(equals + 1);
  std::vector<std::string> names;
  for (const Switch& entry : AllSwitches()) {
    names.push_back(entry.name);
    if (entry.name != name) continue;
    if (const auto* flag = std::get_if<bool Switches::*>(&entry.field)) {
      ARROW_ASSIGN_OR_RAISE(switches->*(*flag), ParseOnOff(name, value));
      return Status::OK();
    }
    ARROW_ASSIGN_OR_RAISE(const int64_t size, ParseByteSize(value));
    if (size < entry.least) {
      return UserError("--set ", assignment, ": expected at least ", entry.least);
    }
    switches->*std::get<int64_t Switches::*>(entry.field) = size;
    return Status::OK();
  }
  return UserError("--set ", assignment, ": no switch of that name",
                   DidYouMean(name, names), "; 'windrow help switches' lists them");
}

}  // namespace windrow::exec
