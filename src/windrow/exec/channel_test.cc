// SPDX-License-Identifier: Apache-2.0
#include "windrow/exec/channel.h"

#include <gtest/gtest.h>

namespace windrow::exec {
namespace {

TEST(ChannelTest, WhoAwaitsRoomIsCalledOnceWhenThereIsSome) {
  Channel<int> channel(10);
  int calls = 0;
  const auto count = [&] { ++calls; };
  EXPECT_FALSE(channel.AwaitRoom(count));
  EXPECT_TRUE(channel.PushNow(1, 6));
  EXPECT_FALSE(channel.AwaitRoom(count));
  EXPECT_TRUE(channel.PushNow(2, 6));
  EXPECT_TRUE(channel.PushNow(3, 6));
  EXPECT_TRUE(channel.AwaitRoom(count));
  EXPECT_EQ(**channel.Pop(), 1);
  EXPECT_EQ(calls, 0);
  EXPECT_EQ(**channel.Pop(), 2);
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(**channel.Pop(), 3);
  EXPECT_EQ(calls, 1);
  EXPECT_FALSE(channel.AwaitRoom(count));
}

TEST(ChannelTest, WhoAwaitsRoomIsCalledWhenNobodyReadsAnyMore) {
  Channel<int> channel(10);
  int calls = 0;
  EXPECT_TRUE(channel.PushNow(1, 20));
  EXPECT_TRUE(channel.AwaitRoom([&] { ++calls; }));
  EXPECT_TRUE(channel.AwaitRoom([&] { ++calls; }));
  channel.Cancel();
  EXPECT_EQ(calls, 2);
  EXPECT_FALSE(channel.AwaitRoom([&] { ++calls; }));
  EXPECT_FALSE(channel.PushNow(1, 1));
  EXPECT_FALSE(channel.Push(1, 1));
}

TEST(ChannelTest, TheFirstStatusComesBehindTheLastValue) {
  Channel<int> channel(10);
  EXPECT_TRUE(channel.Push(1, 100));
  channel.Close(StorageError("lost"));
  channel.Close();
  EXPECT_EQ(**channel.Pop(), 1);
  EXPECT_EQ(channel.Pop().status().message(), "lost");
}

}  // namespace
}  // namespace windrow::exec
