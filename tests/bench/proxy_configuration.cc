// What was tried and what it brought stands in README.md.
#include "absl/strings/str_cat.h"
#include "absl/strings/substitute.h"
#include "tests/bench/proxy.h"

namespace psm::bench {
namespace {

// $0 port, $1 backend, $2 identity, $3 trust, $4 folder.
constexpr char kHaproxy[] = R"(global
  nbthread 2
  maxconn 4096
  ssl-default-bind-options ssl-min-ver TLSv1.3 no-tls-tickets
  ssl-default-server-options ssl-min-ver TLSv1.3 no-tls-tickets
  tune.h2.max-concurrent-streams 256
  tune.h2.initial-window-size 1048576
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  option http-no-delay
frontend gateway
  bind 127.0.0.1:$0 ssl crt $2 ca-file $3 verify required alpn h2
  default_backend provider
backend provider
  http-reuse always
  server provider $1 proto h2 alpn h2 ssl crt $2 ca-file $3 verify required sni str(localhost) verifyhost localhost
)";

constexpr char kNginx[] = R"(worker_processes 2;
daemon off;
pid $4/pid;
error_log $4/log error;
events { worker_connections 4096; }
http {
  access_log off;
  client_body_temp_path $4/body;
  proxy_temp_path $4/proxy;
  fastcgi_temp_path $4/fastcgi;
  uwsgi_temp_path $4/uwsgi;
  scgi_temp_path $4/scgi;
  upstream provider {
    server $1;
    keepalive 512;
    keepalive_requests 1000000000;
    keepalive_time 1h;
  }
  server {
    listen 127.0.0.1:$0 ssl http2;
    http2_max_concurrent_streams 256;
    keepalive_requests 1000000000;
    keepalive_time 1h;
    client_body_buffer_size 16k;
    ssl_protocols TLSv1.3;
    ssl_session_tickets off;
    ssl_certificate $2;
    ssl_certificate_key $2;
    ssl_client_certificate $3;
    ssl_verify_client on;
    ssl_verify_depth 2;
    location / {
      grpc_pass grpcs://provider;
      grpc_ssl_protocols TLSv1.3;
      grpc_ssl_certificate $2;
      grpc_ssl_certificate_key $2;
      grpc_ssl_trusted_certificate $3;
      grpc_ssl_verify on;
      grpc_ssl_verify_depth 2;
      grpc_ssl_name localhost;
      grpc_ssl_server_name on;
    }
  }
}
)";

constexpr char kNghttpx[] = R"(frontend=127.0.0.1,$0
backend=$5,$6;;tls;proto=h2;sni=localhost
workers=2
private-key-file=$2
certificate-file=$2
verify-client=yes
verify-client-cacert=$3
cacert=$3
client-private-key-file=$2
client-cert-file=$2
tls-min-proto-version=TLSv1.3
tls-max-proto-version=TLSv1.3
frontend-http2-max-concurrent-streams=256
backend-http2-max-concurrent-streams=1024
frontend-http2-window-size=1048575
frontend-http2-connection-window-size=16777215
backend-http2-window-size=1048575
backend-http2-connection-window-size=16777215
no-ocsp=yes
no-via=yes
no-location-rewrite=yes
errorlog-file=$4/log
)";

}  // namespace

std::string ProxyConfiguration(absl::string_view proxy,
                               const ProxyPlace& place) {
  const std::size_t colon = place.backend.rfind(':');
  const char* const form = proxy == "haproxy" ? kHaproxy
                           : proxy == "nginx" ? kNginx
                                              : kNghttpx;
  return absl::Substitute(form, place.port, place.backend, place.identity,
                          place.trust, place.folder,
                          place.backend.substr(0, colon),
                          place.backend.substr(colon + 1));
}

}  // namespace psm::bench
