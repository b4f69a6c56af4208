# SPDX-License-Identifier: Apache-2.0
"""Each house rule finds its violation in a small tree, and nothing in a clean one."""

import re
from pathlib import Path

import cpp_text
import pytest
import tidy

SPDX = "// SPDX-License-Identifier: Apache-2.0\n"
PYTHON_SPDX = "# SPDX-License-Identifier: Apache-2.0\n"
CLEAN = {
    "README.md": "# Windrow\n\n```sh\n# no title\n```\n",
    "tools/layers.toml": "[base]\nmay = []\n[plan]\nmay = ['base']\n"
    "extra = { 'instantiate.cc' = ['op'] }\n[op]\nmay = ['base']\n",
    "src/windrow/base/CMakeLists.txt": "windrow_library(base SOURCES status.cc)\n"
    "windrow_test(status_test LINK windrow_base)\n",
    "src/windrow/base/status.h": SPDX + "struct Status {};\n",
    "src/windrow/base/status_internal.h": SPDX,
    "src/windrow/base/status.cc": SPDX + '#include "windrow/base/status_internal.h"\n',
    "src/windrow/base/status_test.cc": SPDX,
    "src/windrow/op/CMakeLists.txt": "windrow_library(op SOURCES filter.cc)\n",
    "src/windrow/op/filter.h": SPDX,
    "src/windrow/op/filter.cc": SPDX + '#include "windrow/base/status.h"\n// Why; then what.\n',
    "src/windrow/plan/CMakeLists.txt": "windrow_library(plan SOURCES instantiate.cc)\n",
    "src/windrow/plan/instantiate.cc": SPDX + '#include "windrow/op/filter.h"\n',
    "tests/cases/filter/nulls.case": "# title\ncommand: --version\nerror: 2\n",
    "tests/test_x.py": PYTHON_SPDX + "import tempfile  # makes /tmp/x\n",
    "Makefile": "all:\n\ttrue\n",
}


def findings(folder: Path, changes: dict[str, str]) -> list[str]:
    for path, text in (CLEAN | changes).items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return [str(finding) for finding in tidy.findings(tidy.Tree(folder))]


def test_clean_tree(tmp_path: Path):
    assert findings(tmp_path, {}) == []


FILTER = "src/windrow/op/filter.cc"
STATUS = "src/windrow/base/status.h"


@pytest.mark.parametrize(
    ("path", "text", "message"),
    [
        (STATUS, SPDX + '#include "windrow/op/filter.h"\n', ":2: base may not include op"),
        (FILTER, SPDX + '#include "windrow/gpu/x.h"\n', ":2: .* in no folder"),
        (FILTER, SPDX + '#include "filter.h"\n', ":2: .* full path"),
        (FILTER, SPDX + '#include "windrow/base/status_internal.h"\n', ":2: .* only inside base"),
        ("src/windrow/gpu/x.h", SPDX, ":1: folder gpu is not in"),
        ("tools/layers.toml", "[base]\nmay = ['x']\n[op]\n[plan]\n", ":1: .* unknown folder x"),
        (STATUS, SPDX + "\n" * 250, ":1: file has 251 lines, limit 250"),
        (FILTER, SPDX + "\n" * 500, ":1: file has 501 lines, limit 500"),
        ("src/windrow/base/status_test.cc", SPDX + "\n" * 600, ":1: file has 601 lines"),
        ("tests/test_x.py", PYTHON_SPDX + "\n" * 400, ":1: file has 401 lines, limit 400"),
        (FILTER, SPDX + "void F() {\n" + "\n" * 69 + "}\n", ":2: function F has 71 lines"),
        ("src/windrow/base/join_util.h", SPDX, ":1: 'util' in a file name"),
        ("docs/helpers/x.md", "# x\n", ":1: 'helpers' in a file name"),
        (STATUS, SPDX + "class FileManager {};\n", ":2: 'Manager' in type FileManager"),
        (STATUS, SPDX + "struct BaseReader;\n", ":2: 'Base' before type BaseReader"),
        ("tests/test_x.py", PYTHON_SPDX + "class SimpleX:\n", ":2: 'Simple' in type"),
        ("src/windrow/op/limit.cc", SPDX, ":1: not listed in src/windrow/op/CMakeLists.txt"),
        (STATUS, "#pragma once\n", ":1: first line is not the SPDX line"),
        (STATUS, SPDX + "int x; \n", ":2: white space"),
        (STATUS, SPDX + "\tint x;\n", ":2: tab"),
        (STATUS, SPDX + "int " + "x" * 87 + "\n", ":2: line of 91 columns, limit 90"),
        ("tests/test_x.py", PYTHON_SPDX + "x" * 101 + "\n", ":2: line of 101 columns"),
        (STATUS, SPDX + "// TODO: later\n", ":2: open end without an issue"),
        (STATUS, SPDX + "  // int x = 1;\n", ":2: looks like commented-out code"),
        (STATUS, SPDX + "// if (x) {\n", ":2: looks like commented-out code"),
        ("README.md", "# x\n\nSee /home/me/x.\n", ":3: path of one machine: /home/"),
        ("tests/test_y.py", PYTHON_SPDX + "x = '/tmp/y'\n", ":2: path of one machine: /tmp/"),
        ("data.bin", "x" * 262145, ":1: 262145 bytes, limit 262144"),
        ("README.md", "no title\n", ":1: 0 titles"),
        ("README.md", "# one\n\n# two\n", ":3: 2 titles"),
        ("tests/cases/x.case", "# t\njob: x\nrows out: many\n", ":3: rows is 'many'"),
    ],
)
def test_violation(tmp_path: Path, path: str, text: str, message: str):
    found = findings(tmp_path, {path: text})
    assert any(re.search(f"^{re.escape(path)}{message}", line) for line in found), found


def test_open_end_with_issue(tmp_path: Path):
    assert findings(tmp_path, {STATUS: SPDX + "// TODO(#12): later\n"}) == []


def test_root_entries(tmp_path: Path):
    found = findings(tmp_path, {f"file_{number}": "" for number in range(17)})
    assert found == [".:1: 22 root entries, limit 20"]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("510, reason = 'split by kind of key'", None),
        ("509, reason = 'split by kind of key'", "file has 510 lines, limit 509"),
        ("511, reason = 'split by kind of key'", "now 510 lines; lower the entry"),
        ("510", "no reason given"),
    ],
)
def test_allow_list_only_shrinks(tmp_path: Path, lines: str, message: str | None):
    allow = f'[length]\n"{FILTER}" = {{ lines = {lines} }}\n'
    found = findings(tmp_path, {FILTER: SPDX + "\n" * 509, "tools/tidy_allow.toml": allow})
    assert len(found) == bool(message)
    assert (message or "") in "".join(found)


def test_allow_list_entry_no_longer_needed(tmp_path: Path):
    allow = f'[length]\n"{FILTER}:F" = {{ lines = 80, reason = "one table" }}\n'
    found = findings(tmp_path, {"tools/tidy_allow.toml": allow})
    assert found == [f"tools/tidy_allow.toml:1: {FILTER}:F: within its limit; remove the entry"]


def test_functions():
    source = """
namespace windrow {
enum class Kind { kA, kB };
constexpr int kSizes[] = {1, 2};
const auto kTable = Make({
    {"{", 1},
});
class Thing : public Other {
 public:
  Thing(int a, int b)
      : a_{a}, b_(b) {
    Call('{');
  }
  int a() const { return a_; }
};
template <typename T>
Result<T> Scan(const T& value) {
  auto local = [&] { return R"(}})"; };  // }
  if (value) {
  }
  return value;
}
TEST(Scan,
     Works) {
}
}  // namespace windrow
"""
    found = [(one.name, one.length) for one in cpp_text.functions(source.splitlines())]
    assert found == [("Thing", 4), ("a", 1), ("Scan", 7), ("TEST(Scan,Works)", 3)]
