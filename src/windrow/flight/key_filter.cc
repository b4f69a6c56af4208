// SPDX-License-Identifier: Apache-2.0
// A key filter on the wire, little-endian:
//   bytes 0..3    magic, with the version
//   byte  4       form: 0 sorted, 1 Bloom
//   byte  5       0
//   bytes 6..7    bytes of the type's name
//   bytes 8..15   number of keys
//   bytes 16..23  bytes of the body
//   then the type's name (as in Arrow's C data interface) and the body.
#include "windrow/flight/key_filter.h"

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "windrow/flight/block_bloom.h"
#include "windrow/flight/key_gaps.h"
#include "windrow/flight/key_hashes.h"
#include "windrow/flight/key_kind.h"

namespace windrow::flight {
namespace {

constexpr char kMagic[] = {'W', 'K', 'F', 1};
constexpr int64_t kBloomBytesMin = BlockBloom<uint8_t>::kBlockBytes;
constexpr int64_t kBloomBytesMax = int64_t{1} << 30;

struct Header {
  char magic[sizeof(kMagic)];
  uint8_t form;
  uint8_t zero;
  uint16_t type_bytes;
  int64_t num_keys;
  int64_t body_bytes;
};
static_assert(sizeof(Header) == 24);

Status Damaged(std::string_view why) { return DataError("the key filter: ", why); }

/// Bytes of a Bloom filter of so many keys.
int64_t BloomBytes(int64_t num_keys, double bits_per_key) {
  const double bytes = std::ceil(static_cast<double>(num_keys) * bits_per_key / 8);
  if (bytes >= static_cast<double>(kBloomBytesMax)) return kBloomBytesMax;
  const auto whole = std::max(static_cast<int64_t>(bytes), kBloomBytesMin);
  return static_cast<int64_t>(std::bit_ceil(static_cast<uint64_t>(whole)));
}

bool IsBodySize(KeyFilter::Form form, int64_t num_keys, int64_t bytes) {
  if (form == KeyFilter::Form::kSorted) {
    return bytes >= num_keys &&
           (bytes + kVarintBytesMax - 1) / kVarintBytesMax <= num_keys;
  }
  return bytes >= kBloomBytesMin && bytes <= kBloomBytesMax &&
         std::has_single_bit(static_cast<uint64_t>(bytes));
}

/// Which ordered words of a filter's keys a `Number` can hold.
template <typename Number>
std::pair<uint64_t, uint64_t> HeldWords(bool is_signed) {
  using Wide = __int128;
  const auto least = is_signed ? Wide{std::numeric_limits<int64_t>::min()} : Wide{0};
  const auto most = is_signed ? Wide{std::numeric_limits<int64_t>::max()}
                              : Wide{std::numeric_limits<uint64_t>::max()};
  const Wide first = std::max(least, Wide{std::numeric_limits<Number>::min()});
  const Wide last = std::min(most, Wide{std::numeric_limits<Number>::max()});
  return {OrderedWord(static_cast<uint64_t>(first), is_signed),
          OrderedWord(static_cast<uint64_t>(last), is_signed)};
}

}  // namespace

bool KeyFilter::Supports(const arrow::DataType& type) {
  return KeyKindOf(type) != KeyKind::kNone;
}

Result<KeyFilter> KeyFilter::WithHeader(Form form, const arrow::Array& keys,
                                        int64_t body_bytes) {
  ARROW_ASSIGN_OR_RAISE(const std::string type, FormatOfType(*keys.type()));
  Header header{};
  std::memcpy(header.magic, kMagic, sizeof(kMagic));
  header.form = form == Form::kBloom ? 1 : 0;
  if (type.size() > std::numeric_limits<decltype(header.type_bytes)>::max()) {
    return UserError("a key filter of ", keys.type()->ToString(),
                     ": its zone is too long");
  }
  header.type_bytes = static_cast<uint16_t>(type.size());
  header.num_keys = keys.length();
  header.body_bytes = body_bytes;
  KeyFilter made;
  made.form_ = form;
  made.num_keys_ = keys.length();
  made.type_ = keys.type();
  made.body_begin_ = sizeof(header) + type.size();
  made.bytes_.reserve(made.body_begin_ + static_cast<size_t>(body_bytes));
  made.bytes_.append(reinterpret_cast<const char*>(&header), sizeof(header));
  made.bytes_.append(type);
  made.bytes_.resize(made.body_begin_ + static_cast<size_t>(body_bytes));
  return made;
}

Result<KeyFilter> KeyFilter::MakeSorted(const arrow::Array& keys, int64_t body_bytes) {
  ARROW_ASSIGN_OR_RAISE(KeyFilter made, WithHeader(Form::kSorted, keys, body_bytes));
  auto* const out = reinterpret_cast<uint8_t*>(made.bytes_.data()) + made.body_begin_;
  VisitNumber(*keys.type(), [&](auto zero) {
    StoreGaps(keys.data()->GetValues<decltype(zero)>(1), keys.length(), out);
  });
  return made;
}

Result<KeyFilter> KeyFilter::MakeBloom(const arrow::Array& keys, int64_t body_bytes) {
  ARROW_ASSIGN_OR_RAISE(KeyFilter made, WithHeader(Form::kBloom, keys, body_bytes));
  auto* const out = reinterpret_cast<uint8_t*>(made.bytes_.data()) + made.body_begin_;
  BlockBloom<uint8_t> bloom(out, static_cast<uint64_t>(body_bytes));
  VisitKeyHashes(keys, [&](int64_t, const KeyHashes& hashes) {
    for (int i = 0; i < hashes.count; ++i) bloom.Prefetch(hashes.values[i]);
    for (int i = 0; i < hashes.count; ++i) bloom.Add(hashes.values[i]);
  });
  return made;
}

Result<KeyFilter> KeyFilter::Make(const arrow::Array& keys, double bits_per_key) {
  const KeyKind kind = KeyKindOf(*keys.type());
  if (kind == KeyKind::kNone) {
    return UserError("a key filter of ", keys.type()->ToString(),
                     ", expected integers, dates, times, strings or binaries");
  }
  if (keys.null_count() > 0) return InternalError("a key filter of nulls");
  if (!(bits_per_key > 0)) {
    return InternalError("a key filter of ", bits_per_key, " bits for each key");
  }
  const int64_t bloom_bytes = BloomBytes(keys.length(), bits_per_key);
  if (kind == KeyKind::kText) return MakeBloom(keys, bloom_bytes);
  const int64_t gap_bytes = VisitNumber(*keys.type(), [&](auto zero) {
    return GapBytes(keys.data()->GetValues<decltype(zero)>(1), keys.length());
  });
  if (gap_bytes < 0) return InternalError("a key filter of keys that do not ascend");
  return gap_bytes <= bloom_bytes ? MakeSorted(keys, gap_bytes)
                                  : MakeBloom(keys, bloom_bytes);
}

Result<KeyFilter> KeyFilter::Parse(std::string bytes) {
  Header header{};
  if (bytes.size() < sizeof(header)) {
    return Damaged("found " + std::to_string(bytes.size()) +
                   " bytes, too few for a header");
  }
  std::memcpy(&header, bytes.data(), sizeof(header));
  if (std::memcmp(header.magic, kMagic, sizeof(kMagic)) != 0) {
    return Damaged("found none of this version");
  }
  KeyFilter read;
  read.form_ = header.form == 1 ? Form::kBloom : Form::kSorted;
  read.num_keys_ = header.num_keys;
  read.body_begin_ = sizeof(header) + header.type_bytes;
  const auto rest =
      static_cast<int64_t>(bytes.size()) - static_cast<int64_t>(read.body_begin_);
  if (rest < 0 || rest != header.body_bytes) {
    return Damaged("found " + std::to_string(rest) + " bytes behind its type, expected " +
                   std::to_string(header.body_bytes));
  }
  auto type = TypeOfFormat(bytes.substr(sizeof(header), header.type_bytes));
  if (!type.ok()) return At("the key filter", type.status());
  read.type_ = std::move(type).ValueUnsafe();
  const bool is_text = KeyKindOf(*read.type_) == KeyKind::kText;
  if (header.form > 1 || header.zero != 0 || header.num_keys < 0 ||
      (is_text && read.form_ == Form::kSorted) ||
      !IsBodySize(read.form_, header.num_keys, header.body_bytes)) {
    return Damaged("form " + std::to_string(header.form) + " with " +
                   std::to_string(header.num_keys) + " keys in " +
                   std::to_string(header.body_bytes) + " bytes cannot be");
  }
  read.bytes_ = std::move(bytes);
  return read;
}

std::span<const uint8_t> KeyFilter::body() const {
  const std::span bytes(reinterpret_cast<const uint8_t*>(bytes_.data()), bytes_.size());
  return bytes.subspan(body_begin_);
}

std::string KeyFilter::id() const {
  std::array<uint8_t, 32> digest{};
  unsigned size = 0;
  WINDROW_CHECK(EVP_Digest(bytes_.data(), bytes_.size(), digest.data(), &size,
                           EVP_sha256(), nullptr) == 1 &&
                size == digest.size());
  std::string id;
  for (const uint8_t byte : digest) {
    id += "0123456789abcdef"[byte >> 4];
    id += "0123456789abcdef"[byte & 15];
  }
  return id;
}

Result<std::shared_ptr<arrow::Array>> KeyFilter::SortedKeys(
    const std::shared_ptr<arrow::DataType>& type, arrow::MemoryPool* pool) const {
  if (form_ != Form::kSorted) return InternalError("sorted keys of a Bloom filter");
  if (!HaveEqualKeys(*type_, *type)) {
    return UserError("a key filter of ", type_->ToString(), " for keys of ",
                     type->ToString());
  }
  return VisitNumber(*type, [&](auto zero) -> Result<std::shared_ptr<arrow::Array>> {
    using Number = decltype(zero);
    ARROW_ASSIGN_OR_RAISE(auto values,
                          arrow::AllocateResizableBuffer(
                              num_keys_ * static_cast<int64_t>(sizeof(Number)), pool));
    const bool is_signed = KeyKindOf(*type_) == KeyKind::kSigned;
    const auto [first, last] = HeldWords<Number>(is_signed);
    auto* const begin = values->template mutable_data_as<Number>();
    Number* out = begin;
    ARROW_RETURN_NOT_OK(ReadGaps(
        body(), num_keys_, is_signed, [&, first = first, last = last](uint64_t word) {
          if (word < first || word > last) return;
          *out++ = static_cast<Number>(OrderedWord(word, is_signed));
        }));
    const int64_t length = out - begin;
    ARROW_RETURN_NOT_OK(values->Resize(length * static_cast<int64_t>(sizeof(Number))));
    return arrow::MakeArray(
        arrow::ArrayData::Make(type, length, {nullptr, std::move(values)}, 0));
  });
}

Result<std::shared_ptr<arrow::BooleanArray>> KeyFilter::Test(
    const arrow::Array& keys, arrow::MemoryPool* pool) const {
  if (form_ != Form::kBloom) return InternalError("a test by a filter of sorted keys");
  if (!HaveEqualKeys(*type_, *keys.type())) {
    return UserError("a key filter of ", type_->ToString(), " for keys of ",
                     keys.type()->ToString());
  }
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> bits,
                        arrow::AllocateEmptyBitmap(keys.length(), pool));
  const BlockBloom<const uint8_t> bloom(body().data(), body().size());
  VisitKeyHashes(keys, [&](int64_t start, const KeyHashes& hashes) {
    for (int i = 0; i < hashes.count; ++i) bloom.Prefetch(hashes.values[i]);
    uint64_t passes = 0;
    for (int i = 0; i < hashes.count; ++i) {
      passes |= static_cast<uint64_t>(bloom.Has(hashes.values[i])) << i;
    }
    passes &= hashes.valid;
    std::memcpy(bits->mutable_data() + start / 8, &passes,
                static_cast<size_t>((hashes.count + 7) / 8));
  });
  return std::make_shared<arrow::BooleanArray>(keys.length(), std::move(bits));
}

}  // namespace windrow::flight
