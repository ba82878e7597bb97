// TLS over memory: cipher text in, plain text out, and back. Knows no sockets.
#ifndef PSM_MESH_EDGE_TLS_SESSION_H_
#define PSM_MESH_EDGE_TLS_SESSION_H_

#include <openssl/ssl.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace psm::edge {

// One TLS connection. Belongs to one thread.
class TlsSession {
 public:
  // Takes `ssl`, whose state says whether it accepts or connects.
  explicit TlsSession(SSL* ssl);
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  // Hands over what the socket gave. Read in place: call Handshake or Read
  // until they want more, before the bytes go away.
  void SetInput(absl::string_view cipher) { input_ = cipher; }

  enum class Step { kDone, kWantsInput, kFailed };
  // Goes on with the handshake. kFailed: see error(); an alert may be in the
  // output.
  Step Handshake();
  // Lets go of what only the handshake needed and what would stay as long as
  // the connection: the peer's certificates, which take 11 KiB, and the
  // output's memory, where nothing is left in it. Once, after the handshake and
  // after all questions about the certificates: nothing of TLS 1.3 looks at
  // them again where nothing is resumed and nobody is asked for a certificate
  // later (tls_config.cc).
  void ForgetHandshake();
  // Reads plain text into `buffer` and sets `size`. kFailed: the peer has
  // closed (error() is OK then) or broken TLS.
  Step Read(char* buffer, std::size_t capacity, std::size_t* size);
  // Encrypts; the cipher text is added to the output. Only after the handshake.
  // False where TLS is broken.
  bool Write(absl::string_view plain);
  // Adds a close alert to the output.
  void SayGoodbye();

  // Cipher text for the socket.
  absl::string_view output() const {
    return absl::string_view(output_).substr(sent_);
  }
  void OutputSent(std::size_t bytes);

  const absl::Status& error() const { return error_; }
  SSL* ssl() { return ssl_.get(); }

 private:
  struct FreeSsl {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };
  struct BioCalls;
  Step Failed(int result);

  absl::string_view input_;
  std::string output_;
  std::size_t sent_ = 0;  // of output_
  absl::Status error_;
  std::unique_ptr<SSL, FreeSsl> ssl_;
};

}  // namespace psm::edge

#endif  // PSM_MESH_EDGE_TLS_SESSION_H_
