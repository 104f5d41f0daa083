#include "models/wire/frame.h"

#include "models/wire/ring.h"
#include "test/unit/wire/harness.h"

namespace cardvp::wire {
namespace {

Bytes bytes_of(const Frame& frame) { return {frame.bytes().begin(), frame.bytes().end()}; }
Bytes numbered(std::size_t size) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>(i * 31);
  return bytes;
}

TEST(Frame, GrowsAndShrinksAtBothEnds) {
  FramePool pool;
  const FramePtr frame = pool.make(numbered(100));
  EXPECT_EQ(frame->headroom(), Frame::kHeadroom);
  EXPECT_EQ(frame->tailroom(), Frame::kMostBytes - 100);
  std::byte* const front = frame->push_front(2);
  EXPECT_EQ(front, frame->data());
  front[0] = front[1] = std::byte{1};
  std::byte* const back = frame->push_back(1);
  EXPECT_EQ(back, frame->data() + 102);
  *back = std::byte{2};
  EXPECT_EQ(frame->size(), 103u);
  frame->pop_front(2);
  frame->pop_back(1);
  EXPECT_EQ(bytes_of(*frame), numbered(100));
}

TEST(FramePool, GivesBackWhatIsDroppedEmpty) {
  FramePool pool;
  FramePtr first = pool.make(numbered(9000));
  const Frame* const buffer = first.get();
  EXPECT_EQ(pool.in_use(), 1u);
  first.reset();
  EXPECT_EQ(pool.in_use(), 0u);
  const FramePtr second = pool.make();
  EXPECT_EQ(second.get(), buffer);
  EXPECT_EQ(second->size(), 0u);
  EXPECT_EQ(second->headroom(), Frame::kHeadroom);
}

TEST(FramePool, CopiesFramesOfEveryLength) {
  FramePool pool;
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, Frame::kMostBytes, Frame::kMostBytes + 1, Frame::kCapacity})
    EXPECT_EQ(bytes_of(*pool.make(numbered(size))), numbered(size)) << size;
}

TEST(Ring, KeepsItsOrderWhileItGrows) {
  Ring<std::unique_ptr<int>> ring;
  int in = 0, out = 0;
  for (int round = 0; round < 20; ++round) {
    for (int i = 0; i < 7; ++i) ring.push(std::make_unique<int>(in++));
    for (int i = 0; i < 3; ++i) ASSERT_EQ(*ring.pop(), out++);
  }
  EXPECT_EQ(ring.size(), 80u);
  EXPECT_EQ(*ring.front(), out);
  while (!ring.empty()) ASSERT_EQ(*ring.pop(), out++);
  EXPECT_EQ(out, in);
}

}  // namespace
}  // namespace cardvp::wire
