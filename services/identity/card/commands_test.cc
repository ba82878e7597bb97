#include "services/identity/card/commands.h"

#include <sstream>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "mesh/base/durable_file.h"
#include "mesh/base/temp_folder.h"
#include "services/identity/card/card_authority.h"
#include "services/identity/card/certificate_request.h"

namespace psm::card {
namespace {

class CommandsTest : public ::testing::Test {
 protected:
  CommandsTest() {
    EXPECT_TRUE(MakeFolder(run_ + "/seeds/identity").ok());
    Write("/personas.jsonl",
          "{\"id\":\"hanako\",\"cardSerial\":\"AB12\"}\n"
          "{\"id\":\"minato\",\"cardSerial\":\"AB13\"}\n");
    Write("/seeds/identity/identity.jsonl", Holder("AB12", "1990-04-01") +
                                                Holder("AB99", "1990-04-01") +
                                                Holder("AB13", "2015-04-01"));
    EXPECT_EQ(Run({"--run", run_}), 0) << error_;
    EXPECT_NE(out_.find("2 cards issued, 0 kept"), std::string::npos) << out_;
    const auto authority = *CardAuthority::OpenOrCreate(Jpki(""), clock_.Now());
    Write("/pki/jpki/crl.pem",
          *authority->IssueRevocationList({}, 1, clock_.Now()));
    Write("/document", "a request");
  }
  static std::string Holder(const std::string& serial,
                            const std::string& birth_date) {
    return "{\"subject\":\"s\",\"cardSerial\":\"" + serial +
           "\",\"name\":\"架空　花子\",\"address\":\"架空県\",\"birthDate\":"
           "\"" +
           birth_date + "\",\"sex\":2}\n";
  }
  void Write(const std::string& name, const std::string& text) {
    ASSERT_TRUE(WriteWholeFile(run_ + name, text, kPrivate).ok());
  }
  std::string Jpki(const std::string& name) {
    return run_ + "/pki/jpki" + name;
  }
  int Run(std::vector<std::string> words) {
    std::vector<const char*> line = {"psm-cards"};
    for (const std::string& word : words) line.push_back(word.c_str());
    std::ostringstream out, error;
    const int code = RunCommand(static_cast<int>(line.size()), line.data(),
                                clock_, out, error);
    out_ = out.str();
    error_ = error.str();
    return code;
  }
  int Sign(const std::string& card, const std::string& pin) {
    return Run({"sign", "--card", run_ + "/cards/" + card, "--pin", pin,
                "--out", run_ + "/signature", run_ + "/document"});
  }
  int Verify() {
    return Run({"verify", "--ca", Jpki("/ca.pem"), "--crl", Jpki("/crl.pem"),
                "--signature", run_ + "/signature", run_ + "/document"});
  }

  ManualClock clock_{absl::FromUnixSeconds(1760000000)};
  TempFolder folder_;
  const std::string run_ = folder_.path();
  std::string out_, error_;
};

TEST_F(CommandsTest, WhatIsSignedVerifiesOffline) {
  ASSERT_EQ(Sign("hanako.json", "DEMO1234"), 0) << error_;
  ASSERT_EQ(Verify(), 0) << error_;
  EXPECT_NE(out_.find("架空　花子, 1990-04-01, 架空県"), std::string::npos)
      << out_;
  Write("/document", "another request");
  EXPECT_EQ(Verify(), 1);
  EXPECT_NE(error_.find("does not hold"), std::string::npos) << error_;
}

TEST_F(CommandsTest, AWrongPinSaysHowManyTriesAreLeft) {
  EXPECT_EQ(Sign("hanako.json", "WRONG123"), 1);
  EXPECT_NE(error_.find("4 tries left"), std::string::npos) << error_;
  EXPECT_EQ(Run({"show", "--card", run_ + "/cards/hanako.json"}), 0);
  EXPECT_NE(out_.find("4 of 5 tries left"), std::string::npos) << out_;
  EXPECT_NE(out_.find("3 of 3 tries left"), std::string::npos) << out_;
}

TEST_F(CommandsTest, AChildHasNoSignatureCertificate) {
  EXPECT_EQ(Sign("minato.json", "DEMO1234"), 1);
  EXPECT_NE(error_.find("no certificate of this kind"), std::string::npos);
}

TEST_F(CommandsTest, ANewKeyIsAskedForAndPutIn) {
  ASSERT_EQ(Run({"request", "--card", run_ + "/cards/hanako.json", "--pin",
                 "NEW12345", "--out", run_ + "/request"}),
            0)
      << error_;
  const auto key = KeyOfRequest(*ReadFile(run_ + "/request"));
  ASSERT_TRUE(key.ok()) << key.status();
  const auto authority = *CardAuthority::OpenOrCreate(Jpki(""), clock_.Now());
  Write("/certificate",
        Certificate::ChainFromPem(
            *authority->IssueSignature(
                "AB12", {"架空　花子", "架空県ゆうなぎ市", "1990-04-01", 2},
                **key, clock_.Now(), kCardLifetime))
            ->front()
            .ToDer());
  ASSERT_EQ(Run({"install", "--card", run_ + "/cards/hanako.json",
                 run_ + "/certificate"}),
            0)
      << error_;
  EXPECT_EQ(Sign("hanako.json", "DEMO1234"), 1);
  ASSERT_EQ(Sign("hanako.json", "NEW12345"), 0) << error_;
  EXPECT_EQ(Verify(), 0) << error_;
}

TEST_F(CommandsTest, WhatIsNoCommandIsSaid) {
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{},
        {"open"},
        {"sign"},
        {"show", "--card", "/x"},
        {"request", "--card", "/x", "--kind", "seal", "--pin", "1", "--out",
         "/x"}}) {
    EXPECT_EQ(Run(words), 64);
    EXPECT_NE(error_, "");
  }
}

}  // namespace
}  // namespace psm::card
