// SPDX-License-Identifier: Apache-2.0
#include "windrow/plan/key_load.h"

#include <algorithm>
#include <numeric>

#include "windrow/column/partition_hash.h"
#include "windrow/plan/moved_bytes.h"

namespace windrow::plan {
namespace {

double BytesOf(const JoinLoad& load, const KeyRows& key) {
  return static_cast<double>(key.left) * load.left_row_bytes +
         static_cast<double>(key.right) * load.right_row_bytes;
}

void Add(const JoinLoad& load, double left_rows, double right_rows, NodeLoad* node) {
  node->left_rows += left_rows;
  node->right_rows += right_rows;
  node->bytes += left_rows * load.left_row_bytes + right_rows * load.right_row_bytes;
}

void Add(const JoinLoad& load, const KeyRows& key, NodeLoad* node) {
  Add(load, static_cast<double>(key.left), static_cast<double>(key.right), node);
}

double AllBytes(const JoinLoad& load) { return load.left_bytes() + load.right_bytes(); }

/// Spreads `rows` over the nodes so that the least of them have the same bytes after it,
/// and tells how many of its rows each gets. `copied_bytes` go to each node that gets
/// any.
std::vector<double> Pour(double rows, double row_bytes, double copied_bytes,
                         const std::vector<NodeLoad>& nodes) {
  std::vector<size_t> order(nodes.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(),
            [&](size_t a, size_t b) { return nodes[a].bytes < nodes[b].bytes; });
  // As many of the emptiest nodes as lie below the level that their rows bring them to.
  const double bytes = rows * row_bytes;
  double level = 0;
  double below = 0;
  size_t used = 0;
  while (used < order.size()) {
    below += nodes[order[used]].bytes + copied_bytes;
    ++used;
    level = (below + bytes) / static_cast<double>(used);
    if (used == order.size() || level <= nodes[order[used]].bytes + copied_bytes) break;
  }
  std::vector<double> poured(nodes.size());
  for (size_t i = 0; i < used; ++i) {
    const NodeLoad& node = nodes[order[i]];
    poured[order[i]] = std::max(0.0, level - node.bytes - copied_bytes) / row_bytes;
  }
  return poured;
}

}  // namespace

int64_t JoinLoad::left_rows() const {
  int64_t rows = 0;
  for (const KeyRows& key : keys) rows += key.left;
  return rows;
}

int64_t JoinLoad::right_rows() const {
  int64_t rows = 0;
  for (const KeyRows& key : keys) rows += key.right;
  return rows;
}

double Spread::max_over_mean() const {
  double most = 0;
  double sum = 0;
  for (const NodeLoad& node : nodes) {
    most = std::max(most, node.bytes);
    sum += node.bytes;
  }
  return sum > 0 ? most * static_cast<double>(nodes.size()) / sum : 1;
}

Spread SpreadByHash(const JoinLoad& load, int nodes) {
  Spread spread{std::vector<NodeLoad>(nodes), MovedByKey(AllBytes(load), nodes)};
  for (const KeyRows& key : load.keys) {
    Add(load, key, &spread.nodes[column::PartitionOf(key.hash, nodes)]);
  }
  return spread;
}

Spread SpreadByRange(const JoinLoad& load, int nodes) {
  Spread spread{std::vector<NodeLoad>(nodes), MovedByKey(AllBytes(load), nodes)};
  const double share = AllBytes(load) / nodes;
  double before = 0;
  for (const KeyRows& key : load.keys) {
    const double bytes = BytesOf(load, key);
    // The node in whose share the middle of the key's bytes lies.
    const double middle = before + bytes / 2;
    const int node =
        share > 0 ? std::min(nodes - 1, static_cast<int>(middle / share)) : 0;
    Add(load, key, &spread.nodes[node]);
    before += bytes;
  }
  return spread;
}

std::vector<size_t> HeavyKeys(const JoinLoad& load, int nodes) {
  const double least = kHeavyShare * AllBytes(load) / nodes;
  std::vector<size_t> heavy;
  for (size_t i = 0; i < load.keys.size(); ++i) {
    if (nodes > 1 && BytesOf(load, load.keys[i]) > least) heavy.push_back(i);
  }
  std::stable_sort(heavy.begin(), heavy.end(), [&](size_t a, size_t b) {
    return BytesOf(load, load.keys[a]) > BytesOf(load, load.keys[b]);
  });
  return heavy;
}

Spread SpreadWithHotKeys(const JoinLoad& load, int nodes) {
  const std::vector<size_t> heavy = HeavyKeys(load, nodes);
  std::vector<bool> is_heavy(load.keys.size());
  for (const size_t i : heavy) is_heavy[i] = true;
  Spread spread{std::vector<NodeLoad>(nodes), 0};
  double whole = 0;
  for (size_t i = 0; i < load.keys.size(); ++i) {
    if (is_heavy[i]) continue;
    Add(load, load.keys[i], &spread.nodes[column::PartitionOf(load.keys[i].hash, nodes)]);
    whole += BytesOf(load, load.keys[i]);
  }
  spread.moved_bytes = MovedByKey(whole, nodes);
  for (const size_t i : heavy) {
    const KeyRows& key = load.keys[i];
    const double left = static_cast<double>(key.left) * load.left_row_bytes;
    const double right = static_cast<double>(key.right) * load.right_row_bytes;
    const bool pours_left = left >= right;
    const double rows = static_cast<double>(pours_left ? key.left : key.right);
    const double copied = static_cast<double>(pours_left ? key.right : key.left);
    const double row_bytes = pours_left ? load.left_row_bytes : load.right_row_bytes;
    const double copied_bytes = pours_left ? right : left;
    const std::vector<double> poured = Pour(rows, row_bytes, copied_bytes, spread.nodes);
    for (int node = 0; node < nodes; ++node) {
      if (poured[node] <= 0) continue;
      Add(load, pours_left ? poured[node] : copied, pours_left ? copied : poured[node],
          &spread.nodes[node]);
      // A node keeps what it has of them, and takes the rest from the others.
      spread.moved_bytes += std::max(0.0, poured[node] - rows / nodes) * row_bytes +
                            MovedByKey(copied_bytes, nodes);
    }
  }
  return spread;
}

}  // namespace windrow::plan
