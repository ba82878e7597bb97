// What a server answers where a request could not be read. For the few files
// that see Boost.Beast.
#ifndef PSM_MESH_WEB_READ_ERROR_H_
#define PSM_MESH_WEB_READ_ERROR_H_

#include <boost/beast/http/error.hpp>

namespace psm::web {

// RFC 9110, 15.5.14 and RFC 6585, 5; 0 where nobody is there to answer.
inline int StatusOfReadError(const boost::system::error_code& error) {
  namespace http = boost::beast::http;
  if (error == http::error::header_limit ||
      error == http::error::buffer_overflow)
    return 431;
  if (error == http::error::body_limit) return 413;
  if (error == http::error::end_of_stream ||
      error == http::error::partial_message)
    return 0;
  // All others of the parser mean that it is not HTTP.
  return error.category() == make_error_code(http::error::bad_method).category()
             ? 400
             : 0;
}

}  // namespace psm::web

#endif  // PSM_MESH_WEB_READ_ERROR_H_
