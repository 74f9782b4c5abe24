#include "protocol/portmap/upnp_message.h"

#include <gtest/gtest.h>

#include <string>

#include "base/error.h"

namespace shoal::portmap::upnp {
namespace {

const IpAddress kRouter = IpAddress::v4({192, 168, 1, 1});
const Url kFrom{.host = {kRouter, 5000}, .path = "/root.xml"};

ErrorCode refusal(const auto& decode) {
  try {
    decode();
  } catch (const Error& error) {
    return error.code();
  }
  ADD_FAILURE() << "accepted";
  return ErrorCode::failed;
}

std::string search_answer(const std::string& location) {
  return "HTTP/1.1 200 OK\r\nst: "
         "urn:schemas-upnp-org:device:InternetGatewayDevice:1\r\nLocation: " +
         location + "\r\n\r\n";
}

std::string description(const std::string& type, const std::string& control) {
  return "<root><device><serviceList><service><serviceType>urn:x:Layer3Forwarding:1</serviceType>"
         "<controlURL>/l3</controlURL></service><service>\n<serviceType>" +
         type + "</serviceType> <controlURL> " + control +
         " </controlURL></service></serviceList>"
         "</device></root>";
}

const std::string kIp = "urn:schemas-upnp-org:service:WANIPConnection:1";
const std::string kPpp = "urn:schemas-upnp-org:service:WANPPPConnection:1";

TEST(UpnpMessage, finds_where_a_router_describes_itself) {
  EXPECT_EQ(decode_search_answer(search_answer("http://192.168.1.1:5000/root.xml")), kFrom);
  EXPECT_EQ(decode_search_answer(search_answer("HTTP://192.168.1.1"))->path, "/");
  EXPECT_FALSE(decode_search_answer("HTTP/1.1 200 OK\r\nST: upnp:printer\r\nLOCATION: x\r\n\r\n"));
  EXPECT_EQ(refusal([] { decode_search_answer("NOTIFY * HTTP/1.1\r\n\r\n"); }),
            ErrorCode::malformed);
  EXPECT_EQ(refusal([] { decode_search_answer(search_answer("http://router.lan/")); }),
            ErrorCode::unsupported);
  EXPECT_EQ(refusal([] { decode_search_answer(search_answer("https://192.168.1.1/")); }),
            ErrorCode::unsupported);
  EXPECT_EQ(refusal([] { decode_search_answer(std::string(kMaxSearchAnswerBytes + 1, ' ')); }),
            ErrorCode::limit);
}

TEST(UpnpMessage, urls_are_bounded_and_plain) {
  const std::string longest = "/" + std::string(kMaxUrlBytes - 1, 'a');
  EXPECT_EQ(Url::parse("http://1.2.3.4" + longest).path, longest);
  EXPECT_EQ(refusal([&] { Url::parse("http://1.2.3.4" + longest + "a"); }), ErrorCode::limit);
  EXPECT_EQ(refusal([] { Url::parse("http://1.2.3.4/a\r\nX: y"); }), ErrorCode::malformed);
  EXPECT_EQ(refusal([] { Url::parse("http://1.2.3.4:99999/"); }), ErrorCode::unsupported);
}

TEST(UpnpMessage, takes_the_service_that_forwards) {
  const Service ip = decode_description(description(kIp, "ctl/IPConn"), kFrom);
  EXPECT_EQ(ip.type, kIp);
  EXPECT_EQ(ip.control, (Url{.host = kFrom.host, .path = "/ctl/IPConn"}));
  const Service best =
      decode_description(description(kPpp, "/ppp") + description(kIp, "/ip"), kFrom);
  EXPECT_EQ(best.type, kIp);
  EXPECT_EQ(refusal([] { decode_description(description("urn:x", "/"), kFrom); }),
            ErrorCode::unsupported);
  EXPECT_EQ(refusal([] { decode_description("<service><serviceType>", kFrom); }),
            ErrorCode::unsupported);
}

TEST(UpnpMessage, no_router_sends_us_to_another_host) {
  const auto elsewhere = [] {
    decode_description(description(kIp, "http://192.168.1.9:5000/ctl"), kFrom);
  };
  EXPECT_EQ(refusal(elsewhere), ErrorCode::malformed);
  const auto by_base = [] {
    decode_description("<URLBase>http://10.0.0.1/</URLBase>" + description(kIp, "/c"), kFrom);
  };
  EXPECT_EQ(refusal(by_base), ErrorCode::malformed);
  const auto other_port = decode_description(description(kIp, "http://192.168.1.1:81/c"), kFrom);
  EXPECT_EQ(other_port.control.host, (Endpoint{kRouter, 81}));
}

TEST(UpnpMessage, http_is_read_by_length_by_chunks_and_to_the_end) {
  const std::string head = "HTTP/1.1 200 OK\r\n";
  EXPECT_FALSE(decode_http(head, false));
  EXPECT_FALSE(decode_http(head + "Content-Length: 5\r\n\r\nhell", false));
  EXPECT_EQ(decode_http(head + "Content-Length: 5\r\n\r\nhello!", false)->body, "hello");
  const std::string chunks =
      head + "Transfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n1\r\n!\r\n";
  EXPECT_FALSE(decode_http(chunks, false));
  EXPECT_EQ(decode_http(chunks + "0\r\n\r\n", false)->body, "hello!");
  EXPECT_FALSE(decode_http(head + "\r\nhello", false));
  EXPECT_EQ(decode_http(head + "\r\nhello", true)->body, "hello");
  EXPECT_EQ(decode_http("HTTP/1.0 500 No\r\n\r\n", true)->status, 500);
}

TEST(UpnpMessage, http_is_bounded) {
  const std::string head = "HTTP/1.1 200 OK\r\n";
  EXPECT_EQ(refusal([&] { decode_http(head + "Content-Length: 9\r\n\r\nhello", true); }),
            ErrorCode::malformed);
  EXPECT_EQ(refusal([&] { decode_http(head + "Content-Length: 99999999\r\n\r\n", false); }),
            ErrorCode::limit);
  EXPECT_EQ(refusal([&] { decode_http(head + "Transfer-Encoding: chunked\r\n\r\nzz\r\n", false); }),
            ErrorCode::malformed);
  EXPECT_EQ(refusal([] { decode_http(std::string(kMaxHttpBytes + 1, 'a'), false); }),
            ErrorCode::limit);
  EXPECT_EQ(refusal([] { decode_http("hello\r\n\r\n", false); }), ErrorCode::malformed);
}

TEST(UpnpMessage, requests_name_port_and_service) {
  const Service service{.type = "urn:schemas-upnp-org:service:WANIPConnection:1", .control = kFrom};
  const std::string add = add_request(service, {.port = {.udp = true, .number = 4001},
                                                .outside = 4002,
                                                .own = IpAddress::v4({192, 168, 1, 2}),
                                                .lease_seconds = 1200});
  for (const char* part :
       {"POST /root.xml HTTP/1.1\r\n", "Host: 192.168.1.1:5000\r\n",
        "SOAPAction: \"urn:schemas-upnp-org:service:WANIPConnection:1#AddPortMapping\"\r\n",
        "<NewProtocol>UDP</NewProtocol>", "<NewExternalPort>4002</NewExternalPort>",
        "<NewInternalPort>4001</NewInternalPort>",
        "<NewInternalClient>192.168.1.2</NewInternalClient>",
        "<NewLeaseDuration>1200</NewLeaseDuration>"}) {
    EXPECT_NE(add.find(part), std::string::npos) << part;
  }
  EXPECT_NE(delete_request(service, {.udp = false, .number = 4001}, 4002).find("<NewProtocol>TCP<"),
            std::string::npos);
}

TEST(UpnpMessage, answers_are_read) {
  EXPECT_EQ(decode_outside("<u:X><NewExternalIPAddress>1.2.3.4</NewExternalIPAddress></u:X>"),
            IpAddress::v4({1, 2, 3, 4}));
  EXPECT_EQ(refusal([] { decode_outside("<NewExternalIPAddress/>"); }), ErrorCode::malformed);
  const Refusal refused = decode_refusal(
      {.status = 500,
       .body = "<errorCode>718</errorCode><errorDescription>Conflict\x1b[31m</errorDescription>"});
  EXPECT_EQ(refused.code, Refusal::kConflict);
  EXPECT_EQ(refused.reason, "Conflict[31m");
}

}  // namespace
}  // namespace shoal::portmap::upnp
