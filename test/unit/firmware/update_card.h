// A card for the firmware update (firmware/controller/update.h): flash, staging area, host and ROM.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "firmware/controller/update.h"

namespace cardvp {

class UpdateCard {
 public:
  static constexpr std::uint32_t kVersion = 0x00020000;  // 0.2.0, which runs, from slot A

  struct Fetch {
    unsigned function;
    std::uint32_t tag, offset, size;
  };
  struct Ended {
    unsigned function;
    std::uint32_t tag;
    unsigned status;
  };
  struct Activation {
    unsigned slot;
    update_request commit;
  };

  UpdateCard();
  UpdateCard(const UpdateCard&) = delete;
  UpdateCard& operator=(const UpdateCard&) = delete;

  // An image of so many bytes of body that the card takes; its digest is the card's own.
  static std::vector<std::uint8_t> package(std::uint32_t version, std::uint32_t body_size);
  static void seal(std::vector<std::uint8_t>& package);

  // The host sends bytes by Download commands of at most so many, and the engine brings them.
  void download(unsigned function, const std::vector<std::uint8_t>& bytes, std::uint32_t piece = 64 * 1024);
  // One Download command; its status, at once or when the engine has brought the data.
  unsigned download_piece(unsigned function, const std::vector<std::uint8_t>& bytes, std::uint32_t offset);
  // A Commit command and all the work that follows.
  unsigned commit(unsigned function, unsigned action, unsigned slot);
  void work();  // until there is none
  // The status that ended a command, or 0xffff.
  unsigned status_of(std::uint32_t tag) const;

  std::vector<std::uint8_t> slot(unsigned slot, std::size_t bytes) const;
  void put(unsigned slot, const std::vector<std::uint8_t>& image);  // as if it had always been there
  boot_record_state record() const;
  // What the ROM would boot, by its version; 0: nothing.
  std::uint32_t boots() const;
  std::vector<std::uint8_t> log_page() const;

  std::vector<std::uint8_t> staging;
  std::vector<std::uint8_t> flash;
  std::vector<Fetch> fetches;  // asked for, and not brought
  std::vector<Ended> ended;
  std::vector<Activation> activations;
  image_fault activation_fault = IMAGE_GOOD;  // what the ROM answers; GOOD: it hands over, and nothing else happens
  bool quiet = true;                          // there is nothing else under way
  image_fault signature_fault = IMAGE_GOOD;   // of whatever is verified
  std::uint32_t lowest_security_version = 1;
  int accesses_before_failure = -1;  // erasing and programming fail after so many; negative: never
  unsigned flash_changes = 0;
  std::uint64_t longest_program = 0;
  std::uint32_t next_tag = 1;
  update_port port{};
  update firmware{};

 private:
  bool flash_fails();
  image_fault verify(const image_header& header, const std::uint8_t* body, std::uint64_t space) const;
};

}  // namespace cardvp
