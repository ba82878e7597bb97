#include "mesh/edge/tls_session.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/x509.h>

#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "mesh/crypto/openssl_ptr.h"

namespace psm::edge {
namespace {

// A burst may have grown the output; what is kept for the next turn is small.
constexpr std::size_t kKeptOutput = 64 << 10;

}  // namespace

// A memory BIO of our own: OpenSSL's copies the input once more and moves its
// rest on every read.
struct TlsSession::BioCalls {
  static int Read(BIO* bio, char* data, int size) {
    BIO_clear_retry_flags(bio);
    auto* session = static_cast<TlsSession*>(BIO_get_data(bio));
    if (session->input_.empty()) {
      BIO_set_retry_read(bio);
      return -1;
    }
    const std::size_t count =
        std::min(session->input_.size(), static_cast<std::size_t>(size));
    std::memcpy(data, session->input_.data(), count);
    session->input_.remove_prefix(count);
    return static_cast<int>(count);
  }

  static int Write(BIO* bio, const char* data, int size) {
    BIO_clear_retry_flags(bio);
    auto* session = static_cast<TlsSession*>(BIO_get_data(bio));
    session->output_.append(data, static_cast<std::size_t>(size));
    return size;
  }

  static long Control(BIO*, int command, long, void*) {
    return command == BIO_CTRL_FLUSH ? 1 : 0;
  }

  static BIO_METHOD* Method() {
    static BIO_METHOD* const method = [] {
      BIO_METHOD* made =
          BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "psm");
      CheckOpenSsl(made != nullptr, "BIO_meth_new");
      BIO_meth_set_read(made, Read);
      BIO_meth_set_write(made, Write);
      BIO_meth_set_ctrl(made, Control);
      return made;
    }();
    return method;
  }
};

TlsSession::TlsSession(SSL* ssl) : ssl_(ssl) {
  BIO* bio = BIO_new(BioCalls::Method());
  CheckOpenSsl(bio != nullptr, "BIO_new");
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl, bio, bio);  // one reference serves both directions
}

TlsSession::Step TlsSession::Handshake() {
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_.get());
  return result == 1 ? Step::kDone : Failed(result);
}

void TlsSession::ForgetHandshake() {
  // Its stacks are ours to empty, though not to free: these are of this
  // connection alone. The leaf itself, of which OpenSSL holds another
  // reference, stays, but for its extensions.
  for (STACK_OF(X509) * chain : {SSL_get_peer_cert_chain(ssl_.get()),
                                 SSL_get0_verified_chain(ssl_.get())}) {
    while (sk_X509_num(chain) > 0) X509_free(sk_X509_pop(chain));
  }
  X509* const leaf = SSL_get0_peer_certificate(ssl_.get());
  while (leaf != nullptr && X509_get_ext_count(leaf) > 0)
    X509_EXTENSION_free(X509_delete_ext(leaf, 0));
  // A server's last word before this was its longest for a while.
  if (output_.empty()) std::string().swap(output_);
}

TlsSession::Step TlsSession::Read(char* buffer, std::size_t capacity,
                                  std::size_t* size) {
  ERR_clear_error();
  const int result = SSL_read_ex(ssl_.get(), buffer, capacity, size);
  return result == 1 ? Step::kDone : Failed(result);
}

bool TlsSession::Write(absl::string_view plain) {
  if (plain.empty()) return true;
  ERR_clear_error();
  std::size_t written = 0;
  const int result =
      SSL_write_ex(ssl_.get(), plain.data(), plain.size(), &written);
  // The BIO takes everything, so a write is complete or broken.
  if (result == 1 && written == plain.size()) return true;
  Failed(result);
  return false;
}

void TlsSession::SayGoodbye() {
  ERR_clear_error();
  SSL_shutdown(ssl_.get());
  ERR_clear_error();
}

void TlsSession::OutputSent(std::size_t bytes) {
  sent_ += bytes;
  if (sent_ < output_.size()) return;
  output_.clear();
  sent_ = 0;
  if (output_.capacity() > kKeptOutput) output_.shrink_to_fit();
}

TlsSession::Step TlsSession::Failed(int result) {
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      return Step::kWantsInput;
    case SSL_ERROR_ZERO_RETURN:
      return Step::kFailed;  // the peer said goodbye
    default:
      break;
  }
  const long verified = SSL_get_verify_result(ssl_.get());
  const std::string reason = TakeOpenSslReason();
  error_ = verified == X509_V_OK
               ? absl::UnavailableError(absl::StrCat("TLS failed: ", reason))
               : absl::UnauthenticatedError(
                     absl::StrCat("TLS failed: ", reason, ": ",
                                  X509_verify_cert_error_string(verified)));
  return Step::kFailed;
}

}  // namespace psm::edge
