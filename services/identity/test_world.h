// For identity's own tests: a database with three card holders, cards, clock.
#ifndef PSM_SERVICES_IDENTITY_TEST_WORLD_H_
#define PSM_SERVICES_IDENTITY_TEST_WORLD_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "mesh/agency/database.h"
#include "mesh/agency/test_call.h"
#include "mesh/base/clock.h"
#include "mesh/base/temp_folder.h"
#include "services/identity/card_holders.h"
#include "services/identity/schema.h"

namespace psm::identity {

inline seed::v1::CardHolder HolderNamed(const std::string& subject) {
  seed::v1::CardHolder holder;
  holder.set_subject(subject);
  holder.set_card_serial(absl::StrCat("CARD-", subject));
  holder.set_name("架空　" + subject);
  holder.set_kana("カクウ　" + subject);
  holder.set_address("架空県あかつき市1-2-3");
  holder.set_birth_date("1990-04-01");
  holder.set_sex(2);
  return holder;
}

class TestWorld {
 public:
  TestWorld() {
    database =
        *agency::Database::Open(folder.File("identity.sqlite"), Migrations());
    holders = std::make_unique<CardHolders>(database.get());
    EXPECT_TRUE(Import({HolderNamed("hanako"), HolderNamed("taro"),
                        HolderNamed("jiro")})
                    .ok());
  }

  absl::Status Import(const std::vector<seed::v1::CardHolder>& seeds) {
    return holders->ImportOnce(
        clock.Now(), [&](CardHolders::Take take) -> absl::Status {
          for (const seed::v1::CardHolder& holder : seeds) {
            if (absl::Status taken = take(holder); !taken.ok()) return taken;
          }
          return absl::OkStatus();
        });
  }

  TempFolder folder;
  ManualClock clock{absl::FromUnixMicros(1760000000123456)};
  std::unique_ptr<agency::Database> database;
  std::unique_ptr<CardHolders> holders;
};

}  // namespace psm::identity

#endif  // PSM_SERVICES_IDENTITY_TEST_WORLD_H_
