// Reads a written address: which of its parts the registry knows. Knows no
// gRPC, keeps nothing.
#ifndef PSM_SERVICES_ADDRESSES_ADDRESS_READER_H_
#define PSM_SERVICES_ADDRESSES_ADDRESS_READER_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "psm/addresses/v1/addresses.pb.h"
#include "services/addresses/gazetteer.h"

namespace psm::addresses {

// Names as much of `written` as `places` has, from the prefecture on: postal
// code before it skipped; a missing prefecture found where its municipality, or
// municipality and town, leave no doubt; of two names the longer. In the
// fictitious prefecture the numbers are chome, block and residence, and each is
// known or not; elsewhere they are only read. INVALID_ARGUMENT
// ADDRESS_MALFORMED for nothing, more than 600 bytes, text that is not UTF-8
// and control characters; the message repeats nothing of it.
absl::StatusOr<v1::NormalizeAddressResponse> ReadAddress(
    const Gazetteer& places, absl::string_view written);

}  // namespace psm::addresses

#endif  // PSM_SERVICES_ADDRESSES_ADDRESS_READER_H_
