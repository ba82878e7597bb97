#include "mesh/exchange/own_services.h"

#include "mesh/exchange/exchange_fixture.h"
#include "psm/disclosure/v1/disclosure.pb.h"
#include "psm/records/v1/records_service.pb.h"
#include "psm/subjects/v1/subjects.pb.h"

namespace psm {
namespace {

using records::v1::Record;

constexpr char kEnrol[] = "/psm.subjects.v1.SubjectsService/Enrol";
constexpr char kDisclose[] = "/psm.disclosure.v1.DisclosureService/Disclose";
constexpr char kList[] = "/psm.records.v1.RecordsService/ListRecords";
constexpr char kId[] = "6f1c3a58-9d0f-4f0e-8a51-2f6f5d7c9b10";

class OwnServicesTest : public ExchangeFixture {
 protected:
  disclosure::v1::DiscloseRequest DiscloseAddress() {
    disclosure::v1::DiscloseRequest request;
    request.set_audience("bank/customers");
    request.set_subject(Code("identity", 'h'));
    request.set_method("psm.identity.v1.BasicItemsService/GetBasicItems");
    request.add_attributes("address");
    return request;
  }
  Ask AsIdentity(Ask ask) {
    ask.peer = &identity_;
    return ask;
  }

  FakePeer identity_{"identity/identity"};
};

TEST_F(OwnServicesTest, EnrolmentIsRecordedAndARetryEnrolsTheSamePerson) {
  Ask ask = MakeAsk(kEnrol, "", subjects::v1::EnrolRequest());
  ask.exchange_id = kId;
  subjects::v1::EnrolResponse first;
  subjects::v1::EnrolResponse second;
  ASSERT_TRUE(first.ParseFromString(RunTask(Enrol(env(), ask)).message));
  ASSERT_TRUE(second.ParseFromString(RunTask(Enrol(env(), ask)).message));
  EXPECT_EQ(first.subject(), second.subject());
  auto person = scopes_->For(SubjectScopeKind::kAgency, "akatsuki")
                    .Decode(first.subject());
  ASSERT_TRUE(person.ok());
  EXPECT_EQ(log_.records.front().subject(),
            scopes_->For(SubjectScopeKind::kRecords, "").Encode(*person));
  EXPECT_EQ(log_.records.size(), 1u) << "a retry is no second enrolment";
}

TEST_F(OwnServicesTest, ADisclosureThatIsRetriedIsRecordedOnce) {
  Ask ask = AsIdentity(MakeAsk(kDisclose, "address", DiscloseAddress()));
  ask.exchange_id = kId;
  const Answer first = RunTask(Disclose(env(), ask));
  const Answer second = RunTask(Disclose(env(), ask));
  ASSERT_TRUE(second.status.ok()) << second.status;
  EXPECT_EQ(second.message, first.message);
  EXPECT_EQ(log_.records.size(), 1u);
  // Another one under the same id is another one.
  disclosure::v1::DiscloseRequest other = DiscloseAddress();
  other.set_subject(Code("identity", 'm'));
  ask.message = other.SerializeAsString();
  ASSERT_TRUE(RunTask(Disclose(env(), ask)).status.ok());
  EXPECT_EQ(log_.records.size(), 2u);
}

TEST_F(OwnServicesTest, OnlyAgenciesThatEnrolMayEnrol) {
  Ask ask = AsIdentity(MakeAsk(kEnrol, "", subjects::v1::EnrolRequest()));
  EXPECT_EQ(ReasonOf(RunTask(Enrol(env(), ask)).status),
            "NOT_AN_ENROLLING_AGENCY");
}

TEST_F(OwnServicesTest, NobodyIsEnrolledWithoutARecord) {
  log_.failure = MakeError(absl::StatusCode::kUnavailable, "RECORD_NOT_DURABLE",
                           Party::kGateway, "full");
  Answer answer =
      RunTask(Enrol(env(), MakeAsk(kEnrol, "", subjects::v1::EnrolRequest())));
  EXPECT_EQ(ReasonOf(answer.status), "RECORD_NOT_DURABLE");
  EXPECT_EQ(answer.message, "");
}

TEST_F(OwnServicesTest, ADisclosureNamesThePersonAsTheAudienceDoes) {
  Answer answer = RunTask(Disclose(
      env(), AsIdentity(MakeAsk(kDisclose, "address", DiscloseAddress()))));
  ASSERT_TRUE(answer.status.ok()) << answer.status;
  disclosure::v1::DiscloseResponse response;
  ASSERT_TRUE(response.ParseFromString(answer.message));
  EXPECT_EQ(response.code(),
            scopes_->For(SubjectScopeKind::kRelyingParty, "bank")
                .Encode(Person('h')));
  ASSERT_EQ(log_.records.size(), 1u);
  EXPECT_EQ(log_.records[0].consumer(), "bank/customers");
  EXPECT_EQ(log_.records[0].provider(), "identity/identity");
  EXPECT_EQ(log_.records[0].subject(), RecordsCode('h'));
}

TEST_F(OwnServicesTest, ADiscloserHasNoReceiptOfItsAudiencesRecord) {
  disclosure::v1::DiscloseRequest name = DiscloseAddress();
  name.add_attributes("name");
  for (const auto& request : {DiscloseAddress(), name}) {
    log_.records.clear();
    const Answer answer = RunTask(
        Disclose(env(), AsIdentity(MakeAsk(kDisclose, "address", request))));
    ASSERT_EQ(log_.records.size(), 1u) << answer.status;
    EXPECT_EQ(log_.records[0].consumer(), "bank/customers");
    EXPECT_TRUE(answer.receipt.empty()) << answer.status;
  }
}

TEST_F(OwnServicesTest, ADisclosureBeyondTheAgreementIsRefusedAndRecorded) {
  disclosure::v1::DiscloseRequest name = DiscloseAddress();
  name.add_attributes("name");
  EXPECT_EQ(ReasonOf(RunTask(Disclose(env(), AsIdentity(MakeAsk(
                                                 kDisclose, "address", name))))
                         .status),
            "NO_AGREEMENT");
  EXPECT_EQ(
      ReasonOf(RunTask(Disclose(env(), AsIdentity(MakeAsk(kDisclose, "benefit",
                                                          DiscloseAddress()))))
                   .status),
      "NO_AGREEMENT");
  EXPECT_EQ(ReasonOf(RunTask(Disclose(env(), MakeAsk(kDisclose, "address",
                                                     DiscloseAddress())))
                         .status),
            "NOT_A_DISCLOSING_AGENCY");
  EXPECT_EQ(log_.records.size(), 3u);
  for (const Record& record : log_.records) {
    EXPECT_EQ(record.kind(), Record::REFUSAL);
  }
}

TEST_F(OwnServicesTest, RecordsAreReadByTheDisclosingAgencysOwnCodeAlone) {
  Record about_her;
  about_her.set_exchange_id("one");
  about_her.set_subject(RecordsCode('h'));
  Record about_another;
  about_another.set_exchange_id("two");
  about_another.set_subject(RecordsCode('m'));
  log_.records = {about_her, about_another};

  records::v1::ListRecordsRequest request;
  request.set_subject(Code("identity", 'h'));
  Answer answer = RunTask(
      ListRecords(env(), AsIdentity(MakeAsk(kList, "history", request))));
  ASSERT_TRUE(answer.status.ok()) << answer.status;
  records::v1::ListRecordsResponse response;
  ASSERT_TRUE(response.ParseFromString(answer.message));
  ASSERT_EQ(response.records_size(), 1);
  EXPECT_EQ(response.records(0).exchange_id(), "one");
  EXPECT_EQ(response.records(0).subject(), "");

  request.set_subject(Code("akatsuki", 'h'));
  EXPECT_EQ(
      ReasonOf(RunTask(ListRecords(env(), AsIdentity(MakeAsk(kList, "history",
                                                             request))))
                   .status),
      "SUBJECT_CODE_INVALID");
  EXPECT_EQ(
      ReasonOf(RunTask(ListRecords(env(), MakeAsk(kList, "history", request)))
                   .status),
      "NO_AGREEMENT");
  request.clear_subject();
  EXPECT_EQ(
      ReasonOf(RunTask(ListRecords(env(), AsIdentity(MakeAsk(kList, "history",
                                                             request))))
                   .status),
      "SUBJECT_REQUIRED");
}

// No flag of an agency opens it: consumer, affair and day are the agreement's.
TEST_F(OwnServicesTest, RecordsAreReadUnderAnAgreementAlone) {
  records::v1::ListRecordsRequest request;
  request.set_subject(Code("identity", 'h'));
  const auto reason = [&](const char* affair) {
    return ReasonOf(
        RunTask(ListRecords(env(), AsIdentity(MakeAsk(kList, affair, request))))
            .status);
  };
  EXPECT_EQ(reason("history"), "");
  for (const char* affair : {"", "benefit", "address", "nonsense"})
    EXPECT_EQ(reason(affair), "NO_AGREEMENT") << affair;

  std::string configuration = kConfiguration;
  const std::size_t of_persons = configuration.find("attributes: \"persons\"");
  ASSERT_NE(of_persons, std::string::npos);
  const std::size_t at = configuration.rfind("grants {", of_persons);
  const std::size_t end = configuration.find('}', of_persons) + 1;
  env().policy = MakePolicy(
      std::string(configuration).insert(at, "valid_through: \"2026-01-02\" "));
  EXPECT_EQ(reason("history"), "AGREEMENT_NOT_IN_FORCE");
  env().policy = MakePolicy(configuration.replace(
      at, end - at,
      "grants { method: \"psm.identity.v1.SignInService/BeginSignIn\" }"));
  EXPECT_EQ(reason("history"), "NO_AGREEMENT");
}

TEST_F(OwnServicesTest, AnAgencyThatSignsInTellsAndReadsNoPersonsHistory) {
  FakePeer accounts("accounts/accounts");
  disclosure::v1::DiscloseRequest request;
  request.set_audience("akatsuki/benefits");
  request.set_subject(Code("accounts", 'h'));
  request.set_method("psm.accounts.v1.AccountsService/GetAccount");
  request.add_attributes("account");
  Ask ask = MakeAsk(kDisclose, "benefit", request);
  ask.peer = &accounts;
  const Answer told = RunTask(Disclose(env(), ask));
  ASSERT_TRUE(told.status.ok()) << told.status;
  ASSERT_EQ(log_.records.size(), 1u);
  EXPECT_EQ(log_.records[0].consumer(), "akatsuki/benefits");
  EXPECT_EQ(log_.records[0].provider(), "accounts/accounts");
  EXPECT_EQ(log_.records[0].subject(), RecordsCode('h'));

  records::v1::ListRecordsRequest list;
  list.set_subject(Code("accounts", 'h'));
  Ask curious = MakeAsk(kList, "history", list);
  curious.peer = &accounts;
  EXPECT_EQ(ReasonOf(RunTask(ListRecords(env(), curious)).status),
            "NO_AGREEMENT");
  list.set_corporation("7123456789012");
  curious = MakeAsk(kList, "history", list);
  curious.peer = &accounts;
  EXPECT_EQ(ReasonOf(RunTask(ListRecords(env(), curious)).status),
            "NO_AGREEMENT")
      << "a person's besides a corporation's";
}

TEST_F(OwnServicesTest, AnAgreementAboutCorporationsOpensNoPersonsHistory) {
  FakePeer accounts("accounts/accounts");
  Record about_it;
  about_it.set_exchange_id("one");
  about_it.set_corporation("7123456789012");
  Record about_another;
  about_another.set_exchange_id("two");
  about_another.set_corporation("4011001098993");
  log_.records = {about_it, about_another};

  records::v1::ListRecordsRequest list;
  list.set_corporation("7123456789012");
  Ask ask = MakeAsk(kList, "history", list);
  ask.peer = &accounts;
  const Answer answer = RunTask(ListRecords(env(), ask));
  ASSERT_TRUE(answer.status.ok()) << answer.status;
  records::v1::ListRecordsResponse response;
  ASSERT_TRUE(response.ParseFromString(answer.message));
  ASSERT_EQ(response.records_size(), 1);
  EXPECT_EQ(response.records(0).exchange_id(), "one");
  EXPECT_EQ(
      ReasonOf(
          RunTask(ListRecords(env(), MakeAsk(kList, "history", list))).status),
      "NO_AGREEMENT")
      << "a benefits office";
}

TEST_F(OwnServicesTest, AConsentToAnothersMethodIsForTheAgreementToAllow) {
  constexpr char kCounter[] = R"pb(
    agreements {
      id: "bank-register"
      version: 1
      consumer: "bank/customers"
      affair: "benefit"
      consent {}
      valid_from: "2026-01-01"
      grants {
        method: "psm.accounts.v1.AccountsService/RegisterAccount"
        attributes: "account"
      }
    }
  )pb";
  disclosure::v1::DiscloseRequest request;
  request.set_audience("bank/customers");
  request.set_subject(Code("identity", 'h'));
  request.set_method("psm.accounts.v1.AccountsService/RegisterAccount");
  request.add_attributes("account");
  const auto disclose = [&] {
    return RunTask(
        Disclose(env(), AsIdentity(MakeAsk(kDisclose, "benefit", request))));
  };
  request.mutable_duration()->set_seconds(3600);
  EXPECT_EQ(ReasonOf(disclose().status), "NO_AGREEMENT") << "there is none";
  env().policy = MakePolicy(std::string(kConfiguration) + kCounter);
  // What changes something is consented to for an hour at most.
  request.mutable_duration()->set_seconds(3601);
  EXPECT_EQ(ReasonOf(disclose().status), "CONSENT_TOO_LONG");
  request.clear_duration();
  EXPECT_EQ(ReasonOf(disclose().status), "CONSENT_TOO_LONG");
  request.mutable_duration()->set_seconds(3600);
  const Answer told = disclose();
  ASSERT_TRUE(told.status.ok()) << told.status;
  const Record& record = log_.records.back();
  EXPECT_EQ(record.consumer(), "bank/customers");
  EXPECT_EQ(record.provider(), "identity/identity") << "who issues it";
  EXPECT_EQ(record.agreement(), "bank-register");
  EXPECT_EQ(record.consent_id(), "");

  // A statute is no consent; a method that nobody can consent to stays shut; an
  // agency that only signs in speaks for nobody.
  request.set_audience("akatsuki/benefits");
  EXPECT_EQ(ReasonOf(disclose().status), "NO_AGREEMENT");
  request.set_method("psm.accounts.v1.AccountsService/GetAccount");
  EXPECT_EQ(ReasonOf(disclose().status), "NO_AGREEMENT");
}

}  // namespace
}  // namespace psm
