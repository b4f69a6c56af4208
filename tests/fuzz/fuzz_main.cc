// SPDX-License-Identifier: Apache-2.0
// Runs decoders on damaged input for some time:
//   windrow-fuzz [--seconds N] [--seed S] [--target NAME] [FILE...]
// With files it decodes just those. An input that crashes a decoder, or takes longer than
// kSecondsMax, is left in the current folder as crash-TARGET, to be given as FILE.
#include <fcntl.h>
#include <support/damaged_bytes.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <random>

#include "fuzz_target.h"

extern "C" {
/// Known where the address sanitizer is linked in.
__attribute__((weak)) void __sanitizer_set_death_callback(void (*callback)());
/// Asked by the address sanitizer: a decoder that allocates so much trusts its input.
const char* __asan_default_options() { return "max_allocation_size_mb=512"; }
}

namespace windrow::fuzz {
namespace {

constexpr unsigned kSecondsMax = 20;
constexpr size_t kPoolMax = 2000;
constexpr size_t kInputBytesMax = 64 << 10;

struct Options {
  double seconds = 60;
  uint64_t seed = std::random_device{}();
  std::string target;
  std::vector<std::string> files;
};

// What is decoded at the moment, for SaveInput.
const char* crash_path = nullptr;
const std::string* input = nullptr;

/// Only calls what a signal handler may call.
void SaveInput() {
  if (input == nullptr) return;
  const int file = open(crash_path, O_CREAT | O_TRUNC | O_WRONLY, 0644);
  const bool is_saved = file >= 0 && write(file, input->data(), input->size()) ==
                                         static_cast<ssize_t>(input->size());
  for (const char* part : {"windrow-fuzz: ", is_saved ? "input saved as " : "not saved ",
                           crash_path, "\n"}) {
    if (write(STDERR_FILENO, part, std::char_traits<char>::length(part)) < 0) return;
  }
  input = nullptr;
}

void SaveAndDie(int signal) {
  SaveInput();
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

void CatchCrashes() {
  std::signal(SIGABRT, SaveAndDie);
  std::signal(SIGALRM, SaveAndDie);
  if (__sanitizer_set_death_callback != nullptr) {
    __sanitizer_set_death_callback(SaveInput);
    return;
  }
  for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL}) {
    std::signal(signal, SaveAndDie);
  }
}

int DecodeInput(const FuzzTarget& target, const std::string& bytes) {
  static std::string path;
  path = "crash-" + std::string(target.name);
  crash_path = path.c_str();
  input = &bytes;
  alarm(kSecondsMax);
  // A copy of just this size, so that a sanitizer sees a step beyond it.
  const std::vector<uint8_t> copy(bytes.begin(), bytes.end());
  const int decoded = target.decode(copy.data(), copy.size());
  alarm(0);
  input = nullptr;
  return decoded;
}

/// Inputs that are worth damaging: the seeds, and what was decoded since.
struct Pool {
  const FuzzTarget* target;
  std::vector<std::string> inputs;
  int64_t runs = 0;
  int64_t decoded = 0;

  void RunOnce(std::mt19937_64& random) {
    const auto& from = inputs[random() % inputs.size()];
    const auto& other = inputs[random() % inputs.size()];
    const std::string bytes = testing::Mutated(from, other, random);
    ++runs;
    if (DecodeInput(*target, bytes) != 0) return;
    ++decoded;
    if (bytes.size() > kInputBytesMax) return;
    if (inputs.size() < kPoolMax) {
      inputs.push_back(bytes);
    } else {
      const size_t seeds = target->seeds.size();
      inputs[seeds + random() % (kPoolMax - seeds)] = bytes;
    }
  }
};

void RunForSeconds(const std::vector<FuzzTarget>& targets, const Options& options) {
  std::printf("windrow-fuzz: replay with --seed %llu\n",
              static_cast<unsigned long long>(options.seed));
  std::fflush(stdout);
  std::mt19937_64 random(options.seed);
  std::vector<Pool> pools;
  for (const FuzzTarget& target : targets) {
    pools.push_back({&target, target.seeds});
    for (const std::string& seed : target.seeds) {
      if (DecodeInput(target, seed) != 0) std::abort();
    }
  }
  const auto end =
      std::chrono::steady_clock::now() + std::chrono::duration<double>(options.seconds);
  while (std::chrono::steady_clock::now() < end) {
    for (Pool& pool : pools) {
      for (int i = 0; i < 50; ++i) pool.RunOnce(random);
    }
  }
  for (const Pool& pool : pools) {
    std::printf("%-14.*s %10lld inputs, %10lld decoded\n",
                static_cast<int>(pool.target->name.size()), pool.target->name.data(),
                static_cast<long long>(pool.runs), static_cast<long long>(pool.decoded));
  }
}

bool ReplayFiles(const std::vector<FuzzTarget>& targets,
                 const std::vector<std::string>& files) {
  for (const std::string& path : files) {
    std::ifstream file(path, std::ios::binary);
    if (!file) {
      std::fprintf(stderr, "windrow-fuzz: %s cannot be read\n", path.c_str());
      return false;
    }
    const std::string bytes(std::istreambuf_iterator<char>(file), {});
    for (const FuzzTarget& target : targets) {
      const int decoded = DecodeInput(target, bytes);
      std::printf("%s: %s by %.*s\n", path.c_str(), decoded == 0 ? "decoded" : "refused",
                  static_cast<int>(target.name.size()), target.name.data());
    }
  }
  return true;
}

bool ReadOptions(int count, char** words, Options* options) {
  for (int i = 1; i < count; ++i) {
    const std::string word = words[i];
    if (!word.starts_with("--")) {
      options->files.push_back(word);
      continue;
    }
    if (++i == count) return false;
    if (word == "--seconds") {
      options->seconds = std::strtod(words[i], nullptr);
    } else if (word == "--seed") {
      options->seed = std::strtoull(words[i], nullptr, 10);
    } else if (word == "--target") {
      options->target = words[i];
    } else {
      return false;
    }
  }
  return true;
}

int Main(int count, char** words) {
  Options options;
  std::vector<FuzzTarget> targets = FlightWireTargets();
  const bool is_read = ReadOptions(count, words, &options);
  std::erase_if(targets, [&](const FuzzTarget& target) {
    return !options.target.empty() && target.name != options.target;
  });
  if (!is_read || targets.empty()) {
    std::fprintf(stderr,
                 "usage: windrow-fuzz [--seconds N] [--seed S] [--target NAME] "
                 "[FILE...]\n");
    return 2;
  }
  CatchCrashes();
  if (!options.files.empty()) return ReplayFiles(targets, options.files) ? 0 : 1;
  RunForSeconds(targets, options);
  return 0;
}

}  // namespace
}  // namespace windrow::fuzz

int main(int count, char** words) { return windrow::fuzz::Main(count, words); }
