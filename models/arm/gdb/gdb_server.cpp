#include "models/arm/gdb/gdb_server.h"

#include <chrono>

namespace cardvp::arm::gdb {
namespace {

using namespace std::chrono_literals;

// Looking at the socket costs a system call, which most quanta are to be spared.
constexpr unsigned kQuantaPerLook = 16;
// How long nobody notices, while the cores are halted, that the run is cancelled.
constexpr auto kWait = 50ms;
constexpr auto kLastWord = 1s;

}  // namespace

std::vector<DebugPort*> GdbServer::admitted(std::vector<DebugPort*> cores) {
  for (DebugPort* const core : cores)
    if (!core->admits_debugger()) throw DebugRefused();
  return cores;
}

GdbServer::GdbServer(const Config& config, std::vector<DebugPort*> cores, Surroundings surroundings)
    : cores_(admitted(std::move(cores))),
      surroundings_(std::move(surroundings)),
      connection_(config.port),
      wait_(config.wait),
      halt_wanted_(config.wait) {}

bool GdbServer::wants_halt(DebugPort&) {
  if (asked_++ % kQuantaPerLook == 0) look();
  return halt_wanted_;
}

void GdbServer::poll() {
  look();
  if (halt_wanted_) halted(*cores_.front(), {Halt::Reason::kRequested});
}

void GdbServer::look() {
  connection_.poll();
  if (!session_) {
    if (connection_.state() == Connection::State::kOpen) halt_wanted_ = true;
    return;
  }
  reader_.feed(connection_.take());
  while (const auto event = reader_.next())
    if (event->kind == PacketReader::Kind::kInterrupt) halt_wanted_ = true;
  if (connection_.state() == Connection::State::kLost) leave();
}

void GdbServer::halted(DebugPort& core, const Halt& halt) {
  if (halt.reason == Halt::Reason::kStep && !(session_ && session_->stepping(core))) return;
  halt_wanted_ = false;
  if (session_) send(session_->stopped(core, halt));
  serve(core);
}

void GdbServer::show(std::string_view reason) {
  if (!session_) return;
  DebugPort& core = *cores_.front();
  send(Session::console(fmt::format("cardvp: {}\n", reason)));
  send(session_->stopped(core, Session::Signal::kAbort));
  serve(core);
}

// `core` is what a client that is yet to come sees as stopped.
void GdbServer::serve(DebugPort& core) {
  serving_ = true;
  while (serving_ && !surroundings_.cancelled()) {
    if (!session_ && connection_.state() == Connection::State::kOpen) {
      session_.emplace(cores_, core, surroundings_.monitor);
      reader_ = {};
      wait_ = false;
    }
    reader_.feed(connection_.take());
    while (serving_) {
      const auto event = reader_.next();
      if (!event) break;
      handle(*event);
    }
    if (!serving_) break;
    if (connection_.state() == Connection::State::kLost) leave();
    if (!session_ && !wait_ && connection_.state() == Connection::State::kNone) break;
    connection_.wait(kWait);
  }
  serving_ = false;
}

void GdbServer::handle(const PacketReader::Event& event) {
  using Kind = PacketReader::Kind;
  switch (event.kind) {
    case Kind::kPacket: {
      if (session_->acknowledges()) connection_.send("+");
      const Session::Answer answer = session_->answer(event.data);
      for (const std::string& reply : answer.replies) send(reply);
      act(answer.next);
      break;
    }
    case Kind::kBroken:
      if (session_->acknowledges()) connection_.send("-");
      break;
    case Kind::kRejected: connection_.send(last_sent_); break;
    case Kind::kAcknowledged:
    case Kind::kInterrupt: break;  // it is halted
  }
}

void GdbServer::act(Session::Next next) {
  switch (next) {
    case Session::Next::kStay: return;
    case Session::Next::kResume:
      if (session_->take_reset()) {
        surroundings_.monitor.reset();
        halt_wanted_ = true;
      }
      break;
    case Session::Next::kKill: surroundings_.kill(); [[fallthrough]];
    case Session::Next::kDetach: leave(); break;
  }
  serving_ = false;
}

void GdbServer::leave() {
  connection_.flush(kLastWord);
  connection_.close();
  session_.reset();
}

void GdbServer::send(std::string_view packet) {
  last_sent_ = frame(packet);
  connection_.send(last_sent_);
}

void GdbServer::finish(unsigned status) {
  if (!session_) return;
  send(fmt::format("W{:02x}", status));
  leave();
}

}  // namespace cardvp::arm::gdb
