#include "test/system/program.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace cardvp::test {

Ended cardvp(const std::vector<std::string>& arguments, const std::string& interrupt_on) {
  std::vector<std::string> command = {CARDVP_PROGRAM};
  command.insert(command.end(), arguments.begin(), arguments.end());
  std::vector<char*> pointers;
  for (std::string& argument : command) pointers.push_back(argument.data());
  pointers.push_back(nullptr);

  int out[2], error[2];
  if (::pipe(out) != 0 || ::pipe(error) != 0) throw std::runtime_error("pipe");
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(out[1], STDOUT_FILENO);
    ::dup2(error[1], STDERR_FILENO);
    for (const int file : {out[0], out[1], error[0], error[1]}) ::close(file);
    ::execv(CARDVP_PROGRAM, pointers.data());
    ::_exit(127);
  }
  ::close(out[1]);
  ::close(error[1]);

  Ended ended;
  std::array<pollfd, 2> files = {{{out[0], POLLIN, 0}, {error[0], POLLIN, 0}}};
  std::array<std::string*, 2> texts = {&ended.out, &ended.error};
  bool interrupted = interrupt_on.empty();
  for (int open = 2; open > 0;) {
    if (::poll(files.data(), files.size(), -1) < 0 && errno != EINTR) break;
    for (std::size_t i = 0; i < files.size(); ++i) {
      if (files[i].fd < 0 || files[i].revents == 0) continue;
      std::array<char, 65536> buffer;
      const ssize_t size = ::read(files[i].fd, buffer.data(), buffer.size());
      if (size > 0) {
        texts[i]->append(buffer.data(), static_cast<std::size_t>(size));
      } else {
        files[i].fd = -1;
        --open;
      }
    }
    if (!interrupted && ended.out.find(interrupt_on) != std::string::npos) {
      ::kill(child, SIGINT);
      interrupted = true;
    }
  }
  ::close(out[0]);
  ::close(error[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  ended.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return ended;
}

Folder::Folder() {
  std::string name = (std::filesystem::temp_directory_path() / "cardvp-test.XXXXXX").string();
  if (!::mkdtemp(name.data())) throw std::runtime_error("mkdtemp");
  path_ = name;
}

Folder::~Folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string Folder::file(const std::string& name, const std::string& content) const {
  std::ofstream(path_ / name, std::ios::binary) << content;
  return (path_ / name).string();
}

std::string read_file(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

nlohmann::json small_scenario() {
  return nlohmann::json::parse(R"({
    "name": "small",
    "card": {"volumes": [{"name": "v", "block_size": 4096, "medium": {"type": "memory", "size_mib": 4}}]},
    "host": {"workloads": [{"type": "io", "name": "w", "volume": "v", "read_percent": 50, "queue_depth": 4,
                            "count": 500, "verify": true}]}})");
}

}  // namespace cardvp::test
