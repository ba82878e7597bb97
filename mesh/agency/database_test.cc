#include "mesh/agency/database.h"

#include <atomic>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "mesh/agency/call_context.h"
#include "mesh/base/error.h"
#include "mesh/base/temp_folder.h"

namespace psm::agency {
namespace {

const Migration kItems[] = {
    {1,
     "CREATE TABLE items (name TEXT PRIMARY KEY, amount BIGINT NOT NULL);\n"
     "CREATE TABLE marks (name TEXT REFERENCES items(name));\n"},
    {2, "ALTER TABLE items ADD COLUMN note TEXT NOT NULL DEFAULT 'none';\n"},
};

const absl::Time kNow = absl::FromUnixSeconds(1'750'000'000);

CallContext Call(const std::string& consumer, const std::string& id) {
  CallContext call;
  call.consumer = consumer;
  call.exchange_id = id;
  return call;
}

absl::Status Insert(Database& database, const std::string& name,
                    long long amount) {
  return database.Write([&](soci::session& sql) {
    sql << "INSERT INTO items (name, amount) VALUES (:name, :amount)",
        soci::use(name), soci::use(amount);
    return absl::OkStatus();
  });
}

long long Count(Database& database) {
  long long count = -1;
  EXPECT_TRUE(database
                  .Read([&](soci::session& sql) {
                    sql << "SELECT COUNT(*) FROM items", soci::into(count);
                    return absl::OkStatus();
                  })
                  .ok());
  return count;
}

class DatabaseTest : public testing::Test {
 protected:
  std::unique_ptr<Database> Open(
      absl::Span<const Migration> migrations = kItems) {
    absl::StatusOr<std::unique_ptr<Database>> database =
        Database::Open(file_, migrations);
    EXPECT_TRUE(database.ok()) << database.status();
    return database.ok() ? *std::move(database) : nullptr;
  }

  TempFolder folder_;
  const std::string file_ = folder_.File("a b.sqlite");
};

TEST_F(DatabaseTest, KeepsWhatWasCommittedAcrossReopening) {
  ASSERT_TRUE(Insert(*Open(), "a", 1).ok());
  EXPECT_EQ(Count(*Open()), 1);
}

TEST_F(DatabaseTest, CarriesNumbersBeyond32BitsAndTextAsItIs) {
  std::unique_ptr<Database> database = Open();
  const std::string hostile = "'; DROP TABLE items; -- 公金\n\"";
  ASSERT_TRUE(Insert(*database, hostile, 9'007'199'254'740'993).ok());
  long long amount = 0;
  std::string name;
  ASSERT_TRUE(database
                  ->Read([&](soci::session& sql) {
                    sql << "SELECT name, amount FROM items", soci::into(name),
                        soci::into(amount);
                    return absl::OkStatus();
                  })
                  .ok());
  EXPECT_EQ(name, hostile);
  EXPECT_EQ(amount, 9'007'199'254'740'993);
}

TEST_F(DatabaseTest, MigratesAnOlderDatabaseAndRefusesANewerOne) {
  ASSERT_TRUE(Insert(*Open(absl::MakeConstSpan(kItems).first(1)), "a", 1).ok());
  std::string note;
  ASSERT_TRUE(Open()
                  ->Read([&](soci::session& sql) {
                    sql << "SELECT note FROM items", soci::into(note);
                    return absl::OkStatus();
                  })
                  .ok());
  EXPECT_EQ(note, "none");
  absl::Status refused =
      Database::Open(file_, absl::MakeConstSpan(kItems).first(1)).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ReasonOf(refused), "DATABASE_NEWER");
}

TEST_F(DatabaseTest, AFailedMigrationLeavesTheVersionBeforeIt) {
  const Migration broken[] = {
      kItems[0],
      {2, "CREATE TABLE half (name TEXT);\nCREATE TABLE items (x TEXT);\n"}};
  EXPECT_FALSE(Database::Open(file_, broken).ok());
  EXPECT_NE(Open(), nullptr);  // the true second step still applies
}

TEST_F(DatabaseTest, RefusesGapsAndIntegerColumns) {
  const Migration gap[] = {{2, "CREATE TABLE t (a TEXT);"}};
  EXPECT_EQ(ReasonOf(Database::Open(file_, gap).status()), "MIGRATION_INVALID");
  const Migration integer[] = {{1, "CREATE TABLE t (a integer);"}};
  EXPECT_EQ(ReasonOf(Database::Open(file_, integer).status()),
            "MIGRATION_INVALID");
}

TEST_F(DatabaseTest, RefusesAWeakerDurabilityThanFull) {
  absl::Status weak = Database::Open(":memory:", kItems).status();
  EXPECT_EQ(weak.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ReasonOf(weak), "DATABASE_NOT_DURABLE");
}

TEST_F(DatabaseTest, AFileThatIsNoDatabaseIsUnavailable) {
  std::unique_ptr<FILE, int (*)(FILE*)> file(fopen(file_.c_str(), "w"), fclose);
  ASSERT_GT(fprintf(file.get(), "%s", std::string(4096, 'x').c_str()), 0);
  file.reset();
  EXPECT_EQ(ReasonOf(Database::Open(file_, kItems).status()),
            "DATABASE_UNAVAILABLE");
  EXPECT_EQ(
      ReasonOf(Database::Open(folder_.File("no/such/folder"), kItems).status()),
      "DATABASE_UNAVAILABLE");
}

TEST_F(DatabaseTest, TheFileIsItsOwnersAlone) {
  ASSERT_TRUE(Insert(*Open(), "a", 1).ok());
  EXPECT_EQ(
      std::filesystem::status(file_).permissions(),
      std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

TEST_F(DatabaseTest, AnErrorOrAnExceptionRollsBack) {
  std::unique_ptr<Database> database = Open();
  EXPECT_EQ(database->Write([&](soci::session& sql) {
    sql << "INSERT INTO items (name, amount) VALUES ('a', 1)";
    return absl::AbortedError("no");
  }),
            absl::AbortedError("no"));
  absl::Status failed = database->Write([&](soci::session& sql) {
    sql << "INSERT INTO items (name, amount) VALUES ('a', 1)";
    sql << "INSERT INTO nowhere VALUES (1)";
    return absl::OkStatus();
  });
  EXPECT_EQ(failed.code(), absl::StatusCode::kInternal);
  EXPECT_EQ(ReasonOf(failed), "DATABASE_ERROR");
  EXPECT_EQ(Count(*database), 0);
  EXPECT_TRUE(Insert(*database, "a", 1).ok());  // the session still serves
}

TEST_F(DatabaseTest, ADuplicateIsAlreadyThereAndItsValueIsNotTold) {
  std::unique_ptr<Database> database = Open();
  ASSERT_TRUE(Insert(*database, "secret-name", 1).ok());
  testing::internal::CaptureStderr();
  absl::Status again = Insert(*database, "secret-name", 2);
  absl::Status null = database->Write([](soci::session& sql) {
    const std::string name = "secret-name";
    sql << "INSERT INTO items (name, amount) VALUES (:name, NULL)",
        soci::use(name);
    return absl::OkStatus();
  });
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_EQ(again.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(null.code(), absl::StatusCode::kInternal);
  EXPECT_NE(log.find("database_failed"), std::string::npos);
  EXPECT_EQ((log + again.ToString() + null.ToString()).find("secret-name"),
            std::string::npos);
}

TEST_F(DatabaseTest, ForeignKeysAreEnforced) {
  EXPECT_FALSE(Open()
                   ->Write([](soci::session& sql) {
                     sql << "INSERT INTO marks (name) VALUES ('nobody')";
                     return absl::OkStatus();
                   })
                   .ok());
}

TEST_F(DatabaseTest, AReaderSeesOneSnapshotAndMayNotWrite) {
  std::unique_ptr<Database> database = Open();
  long long before = -1, after = -1;
  ASSERT_TRUE(database
                  ->Read([&](soci::session& sql) {
                    sql << "SELECT COUNT(*) FROM items", soci::into(before);
                    std::thread writer(
                        [&] { EXPECT_TRUE(Insert(*database, "a", 1).ok()); });
                    writer.join();
                    sql << "SELECT COUNT(*) FROM items", soci::into(after);
                    return absl::OkStatus();
                  })
                  .ok());
  EXPECT_EQ(before, 0);
  EXPECT_EQ(after, 0);
  EXPECT_EQ(Count(*database), 1);
  EXPECT_FALSE(database
                   ->Read([](soci::session& sql) {
                     sql << "DELETE FROM items";
                     return absl::OkStatus();
                   })
                   .ok());
}

TEST_F(DatabaseTest, ATransactionInsideATransactionIsRefusedNotStuck) {
  std::unique_ptr<Database> database = Open();
  absl::Status inner;
  ASSERT_TRUE(database
                  ->Write([&](soci::session&) {
                    inner = Insert(*database, "a", 1);
                    return absl::OkStatus();
                  })
                  .ok());
  EXPECT_EQ(inner.code(), absl::StatusCode::kInternal);
  EXPECT_TRUE(Insert(*database, "a", 1).ok());
}

TEST_F(DatabaseTest, ManyThreadsLoseNoUpdate) {
  std::unique_ptr<Database> database = Open();
  ASSERT_TRUE(Insert(*database, "sum", 0).ok());
  std::vector<std::thread> threads;
  for (int t = 0; t < 24; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 4; ++i) {
        EXPECT_TRUE(database
                        ->Write([](soci::session& sql) {
                          long long sum = 0;
                          sql << "SELECT amount FROM items", soci::into(sum);
                          ++sum;
                          sql << "UPDATE items SET amount = :sum",
                              soci::use(sum);
                          return absl::OkStatus();
                        })
                        .ok());
        Count(*database);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  long long sum = 0;
  ASSERT_TRUE(database
                  ->Read([&](soci::session& sql) {
                    sql << "SELECT amount FROM items", soci::into(sum);
                    return absl::OkStatus();
                  })
                  .ok());
  EXPECT_EQ(sum, 24 * 4);
}

class OnceTest : public DatabaseTest {
 protected:
  // Runs a write that counts how often it ran; its answer has a NUL in it.
  absl::StatusOr<std::string> Run(const CallContext& call,
                                  const std::string& method = "Register",
                                  absl::Time now = kNow) {
    return database_->Once(method, call, now, [&](soci::session& sql) {
      ++runs_;
      const std::string name = std::to_string(runs_);
      sql << "INSERT INTO items (name, amount) VALUES (:name, 1)",
          soci::use(name);
      return absl::StatusOr<std::string>(std::string("\0\xff", 2) + name);
    });
  }

  std::unique_ptr<Database> database_ = Open();
  std::atomic<int> runs_ = 0;
};

TEST_F(OnceTest, ARetryGetsTheFirstAnswerAndWritesNothing) {
  EXPECT_EQ(*database_->Answered("Register", Call("a/b", "1")), std::nullopt);
  absl::StatusOr<std::string> first = Run(Call("a/b", "1"));
  ASSERT_TRUE(first.ok());
  database_.reset();
  database_ = Open();  // also after a restart
  EXPECT_EQ(*Run(Call("a/b", "1")), *first);
  EXPECT_EQ(*database_->Answered("Register", Call("a/b", "1")), *first);
  EXPECT_EQ(Count(*database_), 1);
}

TEST_F(OnceTest, AnotherConsumersEqualIdIsAnotherExchange) {
  absl::StatusOr<std::string> first = Run(Call("a/b", "1"));
  EXPECT_NE(*Run(Call("evil/system", "1")), *first);
  EXPECT_NE(*Run(Call("a/b", "1"), "Withdraw"), *first);
  EXPECT_NE(*Run(Call("a/b", "2")), *first);
  EXPECT_EQ(Count(*database_), 4);
}

TEST_F(OnceTest, AnErrorIsNotKept) {
  absl::StatusOr<std::string> failed = database_->Once(
      "Register", Call("a/b", "1"), kNow, [](soci::session& sql) {
        sql << "INSERT INTO items (name, amount) VALUES ('a', 1)";
        return absl::StatusOr<std::string>(absl::AbortedError("later"));
      });
  EXPECT_EQ(failed.status(), absl::AbortedError("later"));
  EXPECT_EQ(Count(*database_), 0);
  EXPECT_TRUE(Run(Call("a/b", "1")).ok());
  EXPECT_EQ(Count(*database_), 1);
}

TEST_F(OnceTest, NeedsAnExchangeId) {
  EXPECT_EQ(ReasonOf(Run(Call("a/b", "")).status()), "EXCHANGE_ID_MISSING");
  EXPECT_EQ(runs_, 0);
}

TEST_F(OnceTest, RacingRetriesRunOnce) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&] { EXPECT_TRUE(Run(Call("a/b", "1")).ok()); });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(runs_, 1);
  EXPECT_EQ(Count(*database_), 1);
}

TEST_F(OnceTest, AnswersOutliveTheGatewaysDayAndThenGo) {
  ASSERT_TRUE(Run(Call("a/b", "1")).ok());
  ASSERT_TRUE(Run(Call("a/b", "2"), "Register", kNow + absl::Hours(24)).ok());
  EXPECT_TRUE(database_->Answered("Register", Call("a/b", "1"))->has_value());
  ASSERT_TRUE(Run(Call("a/b", "3"), "Register", kNow + absl::Hours(49)).ok());
  EXPECT_FALSE(database_->Answered("Register", Call("a/b", "1"))->has_value());
  EXPECT_TRUE(database_->Answered("Register", Call("a/b", "2"))->has_value());
}

}  // namespace
}  // namespace psm::agency
