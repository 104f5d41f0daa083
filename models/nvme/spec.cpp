#include "models/nvme/spec.h"

namespace cardvp::nvme::status {

std::string_view name(Status status) {
  switch (status) {
    case kSuccess: return "success";
    case kInvalidOpcode: return "invalid_opcode";
    case kInvalidField: return "invalid_field";
    case kDataTransferError: return "data_transfer_error";
    case kInternalError: return "internal_error";
    case kAbortRequested: return "abort_requested";
    case kInvalidNamespace: return "invalid_namespace";
    case kPrpOffsetInvalid: return "prp_offset_invalid";
    case kWriteProtected: return "write_protected";
    case kLbaOutOfRange: return "lba_out_of_range";
    case kWriteFault: return "write_fault";
    case kUnrecoveredReadError: return "unrecovered_read_error";
    case kAccessDenied: return "access_denied";
    default: return "other";
  }
}

}  // namespace cardvp::nvme::status
