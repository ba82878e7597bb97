// Where identity learns a card holder's items of today: the resident register
// that holds the person, asked through the gateway.
#ifndef PSM_SERVICES_IDENTITY_RESIDENT_ITEMS_H_
#define PSM_SERVICES_IDENTITY_RESIDENT_ITEMS_H_

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "mesh/agency/holdings.h"

namespace psm::identity {

// One person's items, none of them empty.
struct ItemsOfToday {
  std::string name;
  std::string kana;
  std::string address;
};

// Thread-safe.
class ResidentItems {
 public:
  virtual ~ResidentItems() = default;

  // The items of the person with identity's code `subject`. UNAVAILABLE where
  // it is worth asking again by and by; any other error where it is not: the
  // person is protected, or lives nowhere as far as the mesh knows.
  virtual absl::StatusOr<ItemsOfToday> Of(const std::string& subject) = 0;
};

// Asks ResidentsService/GetResident, for the affair card-items.
class RegisterItems final : public ResidentItems {
 public:
  explicit RegisterItems(agency::GatewaySource gateway)
      : gateway_(std::move(gateway)) {}

  absl::StatusOr<ItemsOfToday> Of(const std::string& subject) override;

 private:
  const agency::GatewaySource gateway_;
};

}  // namespace psm::identity

#endif  // PSM_SERVICES_IDENTITY_RESIDENT_ITEMS_H_
