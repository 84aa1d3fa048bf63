#include <espalier.hpp>

namespace es = espalier;

struct greeter {
  struct greet {
    std::string name;
    using reply = std::string;
  };
  std::string handle(greet m) { return "hello " + m.name; }
};
struct app : es::supervisor<greeter> {};

int main() {
  es::system<app> sys;
  return sys.call<greeter>(greeter::greet{"stranger"}) == "hello stranger" ? 0 : 1;
}
