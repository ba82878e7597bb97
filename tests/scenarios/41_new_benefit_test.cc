// 41. A new benefit is a text file: nothing is built, and it is suggested,
// filled in, decided and paid as any other.
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "mesh/base/temp_folder.h"
#include "psm/benefits/v1/benefits.grpc.pb.h"
#include "psm/programmes/v1/programmes.grpc.pb.h"
#include "tests/scenarios/scenario.h"

namespace psm::testing {
namespace {

using benefits::v1::BenefitsService;
using programmes::v1::ProgrammesService;
using Decision = benefits::v1::ConfirmApplicationResponse;

constexpr char kTerminal[] = "portal/terminal";

// A folder with one programme, which nobody who built the services knew.
class NewBenefit : public Scenario {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TempFolder;
    std::ifstream known(PSM_PROGRAMMES_FOLDER "/price-relief-2026.json");
    ASSERT_TRUE(known);
    const std::string text(std::istreambuf_iterator<char>(known), {});
    folder_->Write(
        "book-token-2026.json",
        absl::StrReplaceAll(
            text, {{"price-relief-2026", "book-token-2026"},
                   {R"("amount_yen": "30000")", R"("amount_yen": "4321")"},
                   {R"("yen": "20000")", R"("yen": "1234")"}}));
    // Systems that a mesh starts have the environment of who starts it.
    ASSERT_EQ(setenv("PSM_PROGRAMMES", folder_->path().c_str(), 1), 0);
    StartMesh({});
  }
  static void TearDownTestSuite() {
    Scenario::TearDownTestSuite();
    unsetenv("PSM_PROGRAMMES");
    delete folder_;
  }

  static auto Start(const std::string& programme) {
    benefits::v1::StartApplicationRequest request;
    request.set_subject(mesh().Person("hanako").CodeAt("portal"));
    request.set_programme(programme);
    return mesh().Client(kTerminal).Call(
        &BenefitsService::Stub::StartApplication, {.affair = "own-request"},
        request);
  }

  static TempFolder* folder_;
};

TempFolder* NewBenefit::folder_ = nullptr;

TEST_F(NewBenefit, IsATextFile) {
  EXPECT_FALSE(Start("price-relief-2026").status.ok())
      << "what is in no file is no programme";
  const auto form = Start("book-token-2026");
  ASSERT_TRUE(form.status.ok()) << form.status;
  EXPECT_EQ(form->household_size(), 3);
  for (const auto& field : form->fields())
    EXPECT_NE(field.provider(), "") << field.field().id() << " was typed";

  benefits::v1::ConfirmApplicationRequest confirm;
  confirm.set_subject(mesh().Person("hanako").CodeAt("portal"));
  confirm.set_application_id(form->application_id());
  const auto decision =
      mesh().Client(kTerminal).Call(&BenefitsService::Stub::ConfirmApplication,
                                    {.affair = "own-request"}, confirm);
  ASSERT_TRUE(decision.status.ok()) << decision.status;
  EXPECT_EQ(decision->decision(), Decision::GRANTED);
  EXPECT_EQ(decision->amount_yen(), 4321 + 1234) << "she has one child";
  std::ifstream file(absl::StrCat(mesh().folder().root(),
                                  "/files/akatsuki/benefits/",
                                  decision->payment_file()));
  const std::string paid(std::istreambuf_iterator<char>(file), {});
  EXPECT_NE(paid.find("0000005555"), std::string::npos) << paid;
}

// Also to who asks which benefits there are for her (マイ制度ナビ).
TEST_F(NewBenefit, IsSuggestedToWhomItFits) {
  programmes::v1::FindProgrammesRequest request;
  request.set_subject(mesh().Person("hanako").CodeAt("portal"));
  request.add_agreed_datasets("residents");
  request.add_agreed_datasets("tax");
  const auto found =
      mesh().Client(kTerminal).Call(&ProgrammesService::Stub::FindProgrammes,
                                    {.affair = "own-request"}, request);
  ASSERT_TRUE(found.status.ok()) << found.status;
  ASSERT_EQ(found->fits_size(), 1);
  EXPECT_EQ(found->fits(0).programme(), "book-token-2026");
  EXPECT_EQ(found->fits(0).verdict(), programmes::v1::Fit::FITS);
  EXPECT_EQ(found->fits(0).amount_yen(), 4321 + 1234);
}

}  // namespace
}  // namespace psm::testing
