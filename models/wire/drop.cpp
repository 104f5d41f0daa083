#include "models/wire/drop.h"

namespace cardvp::wire {

const char* name_of(Drop drop) {
  switch (drop) {
    case Drop::kNone: return "none";
    case Drop::kLinkDown: return "link_down";
    case Drop::kShort: return "short";
    case Drop::kBadSource: return "bad_source";
    case Drop::kFiltered: return "filtered";
    case Drop::kLost: return "lost";
    case Drop::kPathDown: return "path_down";
    case Drop::kPathFull: return "path_full";
    case Drop::kQueueFull: return "queue_full";
  }
  return "unknown";
}

}  // namespace cardvp::wire
