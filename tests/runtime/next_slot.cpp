#include <doctest/doctest.h>

#include <espalier/runtime/next_slot.hpp>
#include <mutex>
#include <string>

using namespace espalier;
using runtime::in_row;
using runtime::pushed;

namespace {

struct alignas(16) letter {
  letter* next = nullptr;
  char what = 0;
};

/// Of letters that nobody frees meanwhile.
class writer {
 public:
  letter& write(char what) {
    letter& l = letters_[used_++];
    l.what = what;
    return l;
  }

 private:
  letter letters_[8];
  int used_ = 0;
};

/// A process of which only the mailbox is there.
struct process {
  explicit process(bool is_alive = true) {
    if (is_alive) mail.open();
  }
  /// What the mailbox holds, the oldest first.
  std::string taken() {
    std::string all;
    for (letter const* l = mail.take(); l != nullptr; l = l->next) all.insert(all.begin(), l->what);
    return all;
  }
  runtime::mailbox<letter> mail;
};

/// Sends as a process does that runs on this worker.
class worker : writer {
 public:
  /// Answers what stood in the slot before, if this wakes the process.
  process* send(process& to, char what) {
    letter& l = write(what);
    const in_row waits = slot.keep(to, to.mail, l);
    if (waits == in_row::yes || (waits == in_row::perhaps && slot.was_kept(to, l))) {
      kept += what;
      return nullptr;
    }
    return to.mail.push(l, true) == pushed::wakes ? slot.put(to) : nullptr;
  }

  runtime::next_slot<process, letter, std::mutex> slot;
  std::string kept;  // which have waited beside the mailbox
};

/// Sends as others do.
struct stranger : writer {
  pushed send(process& to, char what) { return to.mail.push(write(what), true); }
};

}  // namespace

TEST_CASE("what is sent in a row to the process that runs next is there when that is taken") {
  worker w;
  process p;
  for (char const what : {'a', 'b', 'c'}) w.send(p, what);
  CHECK(w.kept == "bc");
  CHECK(w.slot.take() == &p);
  CHECK(p.taken() == "abc");
}

TEST_CASE("what others send comes behind what was sent before it, also in a row") {
  worker w;
  stranger other;
  process p;
  for (char const what : {'a', 'b', 'c'}) w.send(p, what);
  for (char const what : {'x', 'y'}) other.send(p, what);
  CHECK(w.slot.take() == &p);
  CHECK(p.taken() == "abcxy");
}

TEST_CASE("a row ends when somebody else has sent something") {
  worker w;
  stranger other;
  process p;
  for (char const what : {'a', 'b'}) w.send(p, what);
  other.send(p, 'x');
  for (char const what : {'c', 'd'}) w.send(p, what);
  CHECK(w.kept == "b");
  CHECK(w.slot.take() == &p);
  CHECK(p.taken() == "abxcd");
}

TEST_CASE("a row begins behind what others have sent") {
  worker w;
  stranger other;
  process p;
  w.send(p, 'a');
  other.send(p, 'x');
  for (char const what : {'b', 'c'}) w.send(p, what);
  CHECK(w.kept == "bc");
  CHECK(w.slot.take() == &p);
  CHECK(p.taken() == "axbc");
}

TEST_CASE("a row ends when something else is asked of the process, and the question stays") {
  worker w;
  process p;
  for (char const what : {'a', 'b'}) w.send(p, what);
  CHECK_FALSE(p.mail.attend());
  for (char const what : {'c', 'd'}) w.send(p, what);
  CHECK(w.kept == "b");
  CHECK(w.slot.take() == &p);
  CHECK(p.mail.has_attention());
  CHECK(p.taken() == "abcd");
}

TEST_CASE("no row begins after a question") {
  worker w;
  process p;
  w.send(p, 'a');
  CHECK_FALSE(p.mail.attend());
  w.send(p, 'b');
  CHECK(w.kept.empty());
  CHECK(w.slot.take() == &p);
  CHECK(p.taken() == "ab");
}

TEST_CASE("no row is sent to a process that has no life") {
  worker w;
  process p(false);
  CHECK(p.mail.attend());
  p.mail.attended();
  w.slot.put(p);
  for (char const what : {'a', 'b'}) w.send(p, what);
  CHECK(w.kept.empty());
  CHECK(p.taken() == "ab");
}

TEST_CASE("who clears the slot out finds the row in the mailbox, and the next letters do not wait") {
  worker w;
  stranger other;
  process p;
  for (char const what : {'a', 'b'}) w.send(p, what);
  other.send(p, 'x');
  CHECK(w.slot.clear_out() == &p);
  for (char const what : {'c', 'd'}) w.send(p, what);
  CHECK(w.kept == "b");
  CHECK(w.slot.take() == nullptr);
  CHECK(p.taken() == "abxcd");
}

TEST_CASE("clearing out an empty slot does not end a row that begins later") {
  worker w;
  process p;
  CHECK(w.slot.clear_out() == nullptr);
  for (char const what : {'a', 'b', 'c'}) w.send(p, what);
  CHECK(w.kept == "bc");
  CHECK(w.slot.clear_out() == &p);
  CHECK(p.taken() == "abc");
}

TEST_CASE("a process that is not the next one is sent to as ever") {
  worker w;
  stranger other;
  process next;
  process elsewhere;
  w.send(next, 'a');
  CHECK(other.send(elsewhere, 'x') == pushed::wakes);
  for (char const what : {'b', 'c'}) w.send(elsewhere, what);
  CHECK(elsewhere.taken() == "xbc");
  w.send(next, 'd');
  CHECK(w.kept == "d");
  CHECK(w.slot.take() == &next);
  CHECK(next.taken() == "ad");
}

TEST_CASE("a process that is displaced by another one has got its row, and the other one gets its own") {
  worker w;
  process first;
  process second;
  for (char const what : {'a', 'b'}) w.send(first, what);
  CHECK(w.send(second, 'c') == &first);
  CHECK(first.taken() == "ab");
  w.send(second, 'd');
  CHECK(w.slot.take() == &second);
  CHECK(second.taken() == "cd");
  CHECK(w.kept == "bd");
}

TEST_CASE("a process that has run, here or elsewhere, is sent the next row when it is woken again") {
  worker w;
  process p;
  for (char const what : {'a', 'b'}) w.send(p, what);
  CHECK(w.slot.take() == &p);
  CHECK(p.taken() == "ab");
  CHECK(p.mail.rest());
  for (char const what : {'c', 'd'}) w.send(p, what);
  CHECK(w.slot.clear_out() == &p);
  CHECK(p.taken() == "cd");
  CHECK(p.mail.rest());
  for (char const what : {'e', 'f'}) w.send(p, what);
  CHECK(w.slot.take() == &p);
  CHECK(p.taken() == "ef");
  CHECK(w.kept == "bdf");
}

TEST_CASE("a chain is put between what a mailbox held when it began and what has come since") {
  stranger sender;
  process p;
  const auto insert = [&](auto then, char first, char second) {
    letter& older = sender.write(first);
    letter& newer = sender.write(second);
    older.next = p.mail.newest(then);
    newer.next = &older;
    p.mail.insert(then, newer);
  };
  SUBCASE("if it held something") {
    sender.send(p, 'a');
    const auto then = p.mail.state();
    for (char const what : {'x', 'y'}) sender.send(p, what);
    insert(then, 'b', 'c');
    CHECK(p.taken() == "abcxy");
  }
  SUBCASE("if it was empty") {
    const auto then = p.mail.state();
    for (char const what : {'x', 'y'}) sender.send(p, what);
    insert(then, 'a', 'b');
    CHECK(p.taken() == "abxy");
  }
  SUBCASE("if nothing has come since") {
    sender.send(p, 'a');
    insert(p.mail.state(), 'b', 'c');
    sender.send(p, 'd');
    CHECK(p.taken() == "abcd");
  }
  SUBCASE("if only attention was asked for since") {
    sender.send(p, 'a');
    const auto then = p.mail.state();
    CHECK_FALSE(p.mail.attend());
    insert(then, 'b', 'c');
    CHECK(p.mail.has_attention());
    CHECK(p.taken() == "abc");
  }
}
