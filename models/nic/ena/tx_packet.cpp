#include "models/nic/ena/tx_packet.h"

#include <algorithm>

namespace cardvp::nic::ena {

void PacketAssembler::begin() {
  open_ = true;
  packet_ = {};
  descriptors_ = 0;
}

bool PacketAssembler::add(const TxDescriptor& descriptor, std::uint16_t head, TxBatch& batch) {
  // Only a packet's first descriptor says so; behind a meta descriptor some data descriptors do, too.
  const bool restarts = descriptor.is_first() && (packet_.has_data || descriptors_ > 1);
  if (open_ && restarts) interrupt(head, batch);
  if (!open_) {
    begin();
    if (!descriptor.is_first()) fail();
  }
  if (++descriptors_ > kMostDescriptors) fail();
  if (descriptor.is_meta())
    add_meta(descriptor);
  else
    add_data(descriptor);
  if (!descriptor.is_last()) return false;
  end(head, batch);
  return true;
}

void PacketAssembler::interrupt(std::uint16_t head, TxBatch& batch) {
  fail();
  end(head, batch);
}

void PacketAssembler::add_meta(const TxDescriptor& descriptor) {
  if (descriptors_ > 1) return fail();
  if (!descriptor.is_extended()) return;
  packet_.meta = TxMeta::of(descriptor);
  if (descriptor.stores() && caches_meta_) cached_ = packet_.meta;
}

void PacketAssembler::add_data(const TxDescriptor& descriptor) {
  if (!packet_.has_data) {
    packet_.has_data = true;
    packet_.request = descriptor.request();
    packet_.offloads = {descriptor.dword[1]};
    if (!packet_.meta.known) packet_.meta = cached_;
    push_header(descriptor.header_length());
  }
  if (packet_.fault || descriptor.length() == 0) return;
  if (packet_.bytes() + descriptor.length() > kMostPacket) return fail();
  segments_[packet_.segments++] = {descriptor.address(), descriptor.length()};
  packet_.body_bytes += descriptor.length();
}

void PacketAssembler::push_header(std::uint32_t bytes) {
  if (header_area_.data() == nullptr || bytes == 0) return;  // host memory: the length is a hint
  if (bytes > header_area_.size()) return fail();
  std::copy_n(header_area_.begin(), bytes, header_.begin());
  packet_.header_bytes = bytes;
}

void PacketAssembler::end(std::uint16_t head, TxBatch& batch) {
  open_ = false;
  if (packet_.bytes() == 0) fail();
  packet_.head = head;
  packet_.first_segment = static_cast<std::uint32_t>(batch.segments.size());
  packet_.first_header = static_cast<std::uint32_t>(batch.headers.size());
  if (packet_.fault) packet_.segments = packet_.header_bytes = packet_.body_bytes = 0;
  batch.segments.insert(batch.segments.end(), segments_.begin(), segments_.begin() + packet_.segments);
  batch.headers.insert(batch.headers.end(), header_.begin(), header_.begin() + packet_.header_bytes);
  batch.packets.push_back(packet_);
}

}  // namespace cardvp::nic::ena
