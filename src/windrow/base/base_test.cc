// SPDX-License-Identifier: Apache-2.0
#include <arrow/util/io_util.h>
#include <gtest/gtest.h>

#include "windrow/base/byte_size.h"
#include "windrow/base/near_name.h"
#include "windrow/base/status.h"

namespace windrow {
namespace {

TEST(ByteSize, ReadsBinaryAndDecimalUnits) {
  EXPECT_EQ(*ParseByteSize("4096"), 4096);
  EXPECT_EQ(*ParseByteSize("2GiB"), int64_t{2} << 30);
  EXPECT_EQ(*ParseByteSize("64 mib"), 64 << 20);
  EXPECT_EQ(*ParseByteSize("1.5K"), 1536);
  EXPECT_EQ(*ParseByteSize("3MB"), 3'000'000);
}

TEST(ByteSize, RefusesNonsense) {
  for (const char* text : {"", "GiB", "-1", "2 XiB", "1e300", "nan", "5 MiBs"}) {
    EXPECT_EQ(BlameOf(ParseByteSize(text).status()), Blame::kUser) << text;
  }
}

TEST(ByteSize, PrintsThreeDigits) {
  EXPECT_EQ(FormatByteSize(17), "17 B");
  EXPECT_EQ(FormatByteSize(1536), "1.50 KiB");
  EXPECT_EQ(FormatByteSize(312 << 20), "312 MiB");
}

TEST(NearName, FindsAMisspeltName) {
  EXPECT_EQ(NearName("instrumentID", {"price", "instrumentId"}), "instrumentId");
  EXPECT_EQ(NearName("pirce", {"price", "size"}), "price");
  EXPECT_EQ(NearName("zzz", {"price", "size"}), "");
}

TEST(Status, CarriesBlameThroughContext) {
  const Status status = At("quotes.arrow", DataError("row ", 7, " is bad"));
  EXPECT_EQ(BlameOf(status), Blame::kData);
  EXPECT_EQ(status.message(), "quotes.arrow: row 7 is bad");
  EXPECT_EQ(ExitCode(status), 3);
}

TEST(Status, ClassesForeignFailures) {
  EXPECT_EQ(ExitCode(Status::OK()), 0);
  EXPECT_EQ(ExitCode(Status::Cancelled("stop")), 130);
  EXPECT_EQ(ExitCode(Status::OutOfMemory("no")), 5);
  EXPECT_EQ(ExitCode(arrow::internal::IOErrorFromErrno(ENOSPC, "write")), 5);
  EXPECT_EQ(ExitCode(arrow::internal::IOErrorFromErrno(EACCES, "open")), 4);
  EXPECT_EQ(BlameOf(AtInput("f", Status::Invalid("corrupt page"))), Blame::kData);
  EXPECT_EQ(BlameOf(AtInput("f", arrow::internal::IOErrorFromErrno(EIO, "read"))),
            Blame::kStorage);
}

}  // namespace
}  // namespace windrow
