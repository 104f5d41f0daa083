#include "test/system/process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "test/system/program.h"

namespace cardvp::test {
namespace {

using namespace std::chrono_literals;

template <class Condition>
void wait_until(Condition&& condition) {
  for (const auto end = std::chrono::steady_clock::now() + 60s; !condition() && std::chrono::steady_clock::now() < end;)
    std::this_thread::sleep_for(5ms);
}

}  // namespace

Process::Process(std::vector<std::string> command, std::string output) : output_(std::move(output)) {
  std::vector<char*> pointers;
  for (std::string& argument : command) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  const int file = ::open(output_.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
  child_ = ::fork();
  if (child_ == 0) {
    ::dup2(file, STDOUT_FILENO);
    ::dup2(file, STDERR_FILENO);
    ::execvp(pointers[0], pointers.data());
    ::_exit(127);
  }
  ::close(file);
}

Process::~Process() {
  if (ended()) return;
  ::kill(child_, SIGKILL);
  ::waitpid(child_, nullptr, 0);
}

std::string Process::output() const { return read_file(output_); }

std::string Process::wait_for(const std::string& text) {
  wait_until([&] { return output().find(text) != std::string::npos || ended(); });
  return output();
}

void Process::signal(int number) { ::kill(child_, number); }

int Process::status() {
  wait_until([&] { return ended(); });
  return status_;
}

bool Process::ended() {
  int status = 0;
  if (status_ < 0 && ::waitpid(child_, &status, WNOHANG) == child_)
    status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return status_ >= 0;
}

}  // namespace cardvp::test
