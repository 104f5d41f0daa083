// Checker of AXI4 and AXI4-Lite (IHI 0022), for either role of the block. Beside the rules of channels (checker.h):
//   BURST_TYPE BURST_SIZE BURST_4K WRAP_LENGTH WRAP_ADDRESS FIXED_LENGTH   an address channel's burst (A3.4.1)
//   WLAST RLAST         high before the burst's last beat, or low in it (A3.2.2)
//   WSTRB_LANES         strobes of lanes that the beat does not use (A3.4.3)
//   RESPONSE_UNASKED    an answer without a request of that ID, or to a write before its last data (A3.3.1, A5.3)
//   RESPONSE_SAME_CYCLE an answer that does not wait for the handshake of what it answers, but comes with it (A3.3.1)
//   RESPONSE_CODE       EXOKAY to what was not exclusive (A3.4.4)
#pragma once

#include <deque>

#include "rtl/bridges/axi_channel.h"
#include "rtl/bridges/checker.h"

namespace cardvp::rtl {

class AxiChecker : public Checker {
 public:
  AxiChecker(Sim& sim, Block& block, const InterfaceDescription& description);
  // For pins that are not of a block; the caller calls sample().
  AxiChecker(Sim& sim, const std::string& owner, InterfacePins pins);

  void drive() override;
  void sample() override;
  void reset() override;

 private:
  struct Request {
    Burst burst;
    bool exclusive;
    unsigned beats = 0;             // of data that were transferred
    std::uint64_t complete_at = 0;  // cycle of the last transfer ahead of the answer
  };
  struct WriteBeat {
    Strobes strobes;
    bool last;
  };

  void check_address(const AddressPins& pins, const Pin& lock, const char* channel, std::deque<Request>& requests);
  void check_write_data();
  void check_beat(Request& request, const WriteBeat& beat);
  void check_write_response();
  void check_order(const Request& request, const char* signal);
  void check_read_data();
  void check_code(const Pin& resp, const char* signal, const Request& request);

  std::function<void(std::string_view, const std::string&, std::string)> report_;
  ChannelRules aw_rules_, w_rules_, b_rules_, ar_rules_, r_rules_;
  AddressPins aw_, ar_;
  Pin awlock_, arlock_, wstrb_, wlast_, bid_, bresp_, rid_, rresp_, rlast_;
  bool target_;
  unsigned bus_;
  std::deque<Request> writes_, reads_;
  std::deque<WriteBeat> early_;  // data whose address is still to come
  std::uint64_t cycle_ = 0;
  bool b_checked_ = false, r_checked_ = false;  // what waits for READY
};

}  // namespace cardvp::rtl
