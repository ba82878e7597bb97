#include "mesh/records/tlog/note.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gtest/gtest.h"
#include "mesh/records/tlog/note_text.h"

namespace psm::tlog {
namespace {

// The examples that the format was published with: of C2SP signed-note, and of
// Go's golang.org/x/mod/sumdb/note.
constexpr char kExampleKey[] =
    "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
constexpr char kExampleNote[] =
    "This is an example message.\n\n"
    "— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1E"
    "RYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";
constexpr char kGoKey[] =
    "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
constexpr char kGoNote[] =
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2p"
    "ZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
constexpr char kLine[] = "— name QUJDREVGRw==\n";  // id ABCD, bytes EFG

std::shared_ptr<const Ed25519Key> KeyNumber(char number) {
  return *Ed25519Key::FromRaw(SecretBytes(std::string(32, number)));
}

std::string Signed(const std::string& text,
                   const std::vector<NoteSignature>& signatures) {
  return FormatNote({text, signatures});
}

TEST(NoteTest, ThePublishedExamplesVerify) {
  for (const auto& [vkey, bytes] :
       {std::pair{kExampleKey, kExampleNote}, std::pair{kGoKey, kGoNote}}) {
    const auto key = VerifierKey::FromText(vkey);
    ASSERT_TRUE(key.ok()) << key.status();
    EXPECT_EQ(key->ToText(), vkey);
    const auto note = ParseNote(bytes);
    ASSERT_TRUE(note.ok()) << note.status();
    const auto verified = VerifySignatures(*note, {&*key, 1});
    ASSERT_TRUE(verified.ok()) << verified.status();
    EXPECT_EQ(verified->size(), 1u);
    EXPECT_EQ(FormatNote(*note), bytes);
  }
}

TEST(NoteTest, IsReadAsWritten) {
  const std::string many = [] {
    std::string lines;
    for (int i = 0; i < 64; ++i) absl::StrAppend(&lines, kLine);
    return lines;
  }();
  for (const auto& [text, lines] :
       std::vector<std::pair<std::string, std::string>>{
           {"text\n", kLine},
           {"\n", kLine},
           {"a\n\nb\n\n\nc\n", kLine},
           {"\n\n\n", kLine},
           {"日本語の行\n", "— 公共/ログ QUJDREVGRw==\n"},
           {"— name QUJDREVGRw==\n", kLine},
           {"\x7f is no control code below 0x20\n", kLine},
           {"text\n", many}}) {
    const std::string bytes = absl::StrCat(text, "\n", lines);
    const auto note = ParseNote(bytes);
    ASSERT_TRUE(note.ok()) << note.status() << bytes;
    EXPECT_EQ(note->text, text);
    EXPECT_EQ(FormatNote(*note), bytes);
  }
  const auto note = ParseNote(absl::StrCat("t\n\n", kLine));
  EXPECT_EQ(note->signatures[0].name, "name");
  EXPECT_EQ(note->signatures[0].key_id, 0x41424344u);
  EXPECT_EQ(note->signatures[0].bytes, "EFG");
}

TEST(NoteTest, EveryOtherFormIsRefused) {
  std::string too_many = "t\n\n";
  for (int i = 0; i < 65; ++i) absl::StrAppend(&too_many, kLine);
  std::vector<std::string> all = {
      "",
      "\n",
      "\n\n",
      "\n\n\n",
      "text",
      "text\n",
      "text\n\n",
      "text\n\n\n",
      "text\n— name QUJDREVGRw==\n",
      "\n— name QUJDREVGRw==\n",
      too_many,
      absl::StrCat(std::string(kMaxNoteSize, 'x'), "\n\n", kLine),
      absl::StrCat("t\r\n\n", kLine),
      absl::StrCat("t\n\r\n", kLine),
      absl::StrCat("a\tb\n\n", kLine),
      absl::StrCat("a\x1f\n\n", kLine),
      absl::StrCat(absl::string_view("a\0b", 3), "\n\n", kLine),
      absl::StrCat("\xff\n\n", kLine),
      absl::StrCat("\xc0\x80\n\n", kLine),
      absl::StrCat("\xc1\xbf\n\n", kLine),
      absl::StrCat("\xe2\x80\n\n", kLine),
      absl::StrCat("\xe0\x9f\xbf\n\n", kLine),
      absl::StrCat("\xed\xa0\x80\n\n", kLine),
      absl::StrCat("\xf0\x8f\xbf\xbf\n\n", kLine),
      absl::StrCat("\xf4\x90\x80\x80\n\n", kLine),
      absl::StrCat("\xf8\x88\x80\x80\x80\n\n", kLine),
      absl::StrCat("\x80\n\n", kLine)};
  // Signature lines.
  for (const char* line : {
           "- name QUJDREVGRw==\n",              // hyphen
           "– name QUJDREVGRw==\n",              // en dash
           "—name QUJDREVGRw==\n",               // no space
           "—  name QUJDREVGRw==\n",             // two
           " — name QUJDREVGRw==\n",             // before
           "— name  QUJDREVGRw==\n",             // two
           "— name QUJDREVGRw== \n",             // after
           "— name QUJDREVGRw== x\n",            // more
           "— name\n",                           // nothing
           "— name \n",                          // nothing
           "—  QUJDREVGRw==\n",                  // no name
           "— na+me QUJDREVGRw==\n",             // plus
           "— na\xc2\xa0me QUJDREVGRw==\n",      // no-break space
           "— na\xe3\x80\x80me QUJDREVGRw==\n",  // ideographic space
           "— na\xe2\x80\xa8me QUJDREVGRw==\n",  // line separator
           "— na\xc2\x85me QUJDREVGRw==\n",      // next line
           "— name QUJDREVGRw=\n",               // padding
           "— name QUJDREVGRw\n",                // padding
           "— name QUJDREVGRx==\n",              // unused bits
           "— name QUJDREVG Rw==\n",             // space
           "— name QUJDREVGR-==\n",              // alphabet of URLs
           "— name QUJDRA==\n",                  // id only
           "— name QUJD\n",                      // less
           "— name QUJDREVGRw==",                // no line feed
           "— name QUJDREVGRw==\r\n",            // carriage return
           "— name QUJDREVGRw==\ntext\n",        // a line that is none
       }) {
    all.push_back(absl::StrCat("text\n\n", line));
    all.push_back(absl::StrCat("text\n\n", kLine, line));
  }
  for (const std::string& bad : all) {
    EXPECT_EQ(ParseNote(bad).status().code(),
              absl::StatusCode::kInvalidArgument)
        << bad.substr(0, 200);
  }
}

TEST(NoteTest, OfSignaturesByKnownKeysAllMustHold) {
  const auto alice = *NoteSigner::Make("alice", KeyNumber(1));
  const auto bob = *NoteSigner::Make("bob", KeyNumber(2));
  const std::string text = "text\n";
  const NoteSignature by_alice = *alice.Sign(text);
  const NoteSignature by_bob = *bob.Sign(text);
  NoteSignature forged = by_bob;
  forged.bytes[7] = static_cast<char>(forged.bytes[7] ^ 4);
  NoteSignature stranger = forged;
  stranger.key_id ^= 1;  // shares the name only
  NoteSignature namesake = forged;
  namesake.name = "bobby";  // shares the id only

  const auto codes = [&](const std::vector<NoteSignature>& signatures,
                         const std::vector<VerifierKey>& keys) {
    const auto note = ParseNote(Signed(text, signatures));
    return VerifySignatures(*note, keys).status().code();
  };
  const std::vector<VerifierKey> both = {alice.verifier(), bob.verifier()};
  constexpr auto kOk = absl::StatusCode::kOk;
  constexpr auto kDenied = absl::StatusCode::kPermissionDenied;
  EXPECT_EQ(codes({by_alice}, both), kOk);
  EXPECT_EQ(codes({by_alice, by_bob}, both), kOk);
  EXPECT_EQ(codes({by_alice, by_bob}, {bob.verifier()}), kOk);
  EXPECT_EQ(codes({stranger, namesake, by_alice}, both), kOk);
  EXPECT_EQ(codes({by_alice, forged}, both), kDenied);
  EXPECT_EQ(codes({by_alice, forged}, {alice.verifier()}), kOk);
  EXPECT_EQ(codes({by_alice}, {bob.verifier()}), kDenied);
  EXPECT_EQ(codes({stranger, namesake}, both), kDenied);
  EXPECT_EQ(codes({by_alice}, {}), kDenied);
  // Another text.
  Note other = *ParseNote(Signed("texts\n", {by_alice}));
  EXPECT_EQ(VerifySignatures(other, both).status().code(), kDenied);
}

TEST(NoteTest, OnlyTextsOfNotesAreSigned) {
  const auto signer = *NoteSigner::Make("log", KeyNumber(1));
  const auto witness = *Cosigner::Make("witness", KeyNumber(2));
  for (const char* bad : {"", "text", "a\tb\n", "a\r\n", "\xff\n"}) {
    EXPECT_FALSE(signer.Sign(bad).ok()) << bad;
    EXPECT_FALSE(witness.Sign(bad, absl::FromUnixSeconds(1)).ok()) << bad;
  }
}

TEST(VerifierKeyTest, HasOneSpelling) {
  const std::string good = kGoKey;
  ASSERT_TRUE(VerifierKey::FromText(good).ok());
  for (const std::string& bad : std::vector<std::string>{
           "", "+", "++", "PeterNeumann", "PeterNeumann+c74f20a3", good + "=",
           good + "\n", " " + good, good.substr(0, good.size() - 1),
           absl::StrReplaceAll(good, {{"c74f20a3", "c74f20a4"}}),
           absl::StrReplaceAll(good, {{"c74f20a3", "C74F20A3"}}),
           absl::StrReplaceAll(good, {{"c74f20a3", "0c74f20a3"}}),
           absl::StrReplaceAll(good, {{"c74f20a3", "74f20a3"}}),
           absl::StrReplaceAll(good, {{"Peter", "Paul"}}),
           absl::StrReplaceAll(good, {{"Peter", "Peter "}}),
           absl::StrReplaceAll(good, {{"PeterNeumann", ""}}),
           absl::StrReplaceAll(good, {{"10TW", "10TX"}}),
           absl::StrReplaceAll(good, {{"+ARpc", "+AhpC"}}),
           absl::StrReplaceAll(good, {{"+ARpc", "+BBpc"}})}) {
    EXPECT_EQ(VerifierKey::FromText(bad).status().code(),
              absl::StatusCode::kInvalidArgument)
        << bad;
  }
  for (const char* name : {"", "a b", "a+b", "a\tb", "\xff", "a\xe2\x80\x83"}) {
    EXPECT_FALSE(NoteSigner::Make(name, KeyNumber(1)).ok()) << name;
    EXPECT_FALSE(Cosigner::Make(name, KeyNumber(1)).ok()) << name;
  }
}

TEST(VerifierKeyTest, TheWayOfSigningMakesItAnotherKey) {
  const auto log = *NoteSigner::Make("name", KeyNumber(1));
  const auto witness = *Cosigner::Make("name", KeyNumber(1));
  EXPECT_NE(log.verifier().id(), witness.verifier().id());
  EXPECT_FALSE(log.verifier().IsOf(
      *witness.Sign("t\n", absl::FromUnixSeconds(1679315147))));
  const auto again = VerifierKey::FromText(witness.verifier().ToText());
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->type(), SignatureType::kCosignature);
  EXPECT_EQ(again->id(), witness.verifier().id());
}

TEST(CosignerTest, StatesATimeThatTheSignatureCovers) {
  const auto witness = *Cosigner::Make("witness.example/w1", KeyNumber(3));
  const absl::Time time = absl::FromUnixSeconds(1679315147);
  const std::string text = "log\n0\nroot\n";
  const auto signature = witness.Sign(text, time + absl::Milliseconds(999));
  ASSERT_TRUE(signature.ok()) << signature.status();
  EXPECT_EQ(signature->bytes.size(), 72u);
  EXPECT_EQ(CosignatureTime(*signature), time);
  // The message as the specification writes it.
  EXPECT_EQ(signature->bytes.substr(8),
            KeyNumber(3)->Sign("cosignature/v1\ntime 1679315147\n" + text));
  const auto note = ParseNote(Signed(text, {*signature}));
  const auto verified = VerifySignatures(*note, {&witness.verifier(), 1});
  ASSERT_TRUE(verified.ok());
  EXPECT_EQ((*verified)[0].time, time);
  for (std::size_t i = 0; i < signature->bytes.size(); ++i) {
    NoteSignature bad = *signature;
    bad.bytes[i] = static_cast<char>(bad.bytes[i] ^ 1);
    EXPECT_FALSE(witness.verifier().Verify(text, bad)) << i;
  }
}

TEST(CosignerTest, TimesOutsideTheFormAreRefused) {
  const auto witness = *Cosigner::Make("w", KeyNumber(3));
  for (absl::Time bad :
       {absl::InfinitePast(), absl::InfiniteFuture(), absl::UnixEpoch(),
        absl::FromUnixSeconds(-1), absl::FromUnixMillis(999)}) {
    EXPECT_FALSE(witness.Sign("t\n", bad).ok()) << bad;
  }
  // 0 and 2^63, though the key has signed them.
  for (const auto& [prefix, seconds] :
       {std::pair{std::string(8, '\0'), "0"},
        std::pair{"\x80" + std::string(7, '\0'), "9223372036854775808"}}) {
    const NoteSignature bad{
        "w", witness.verifier().id(),
        prefix + KeyNumber(3)->Sign(
                     absl::StrCat("cosignature/v1\ntime ", seconds, "\nt\n"))};
    EXPECT_FALSE(witness.verifier().Verify("t\n", bad)) << seconds;
  }
  EXPECT_EQ(CosignatureTime({"w", 1, std::string(71, '\1')}),
            absl::InfinitePast());
  EXPECT_EQ(CosignatureTime({"w", 1, std::string(72, '\xff')}),
            absl::InfinitePast());
}

TEST(NoteTextTest, NumbersHaveOneSpelling) {
  EXPECT_EQ(ParseDecimal("0"), 0u);
  EXPECT_EQ(ParseDecimal("9223372036854775807"), 9223372036854775807u);
  for (const char* bad :
       {"", "00", "01", "-0", "-1", "+1", " 1", "1 ", "1\n", "0x1", "1e3",
        "9223372036854775808", "18446744073709551616", "１"}) {
    EXPECT_FALSE(ParseDecimal(bad).has_value()) << bad;
  }
}

}  // namespace
}  // namespace psm::tlog
