#include "rtl/wave_recorder.h"

#include <system_error>

namespace cardvp::rtl {

namespace fs = std::filesystem;

fs::path before(const fs::path& file) {
  return file.parent_path() / (file.stem().string() + ".before" + file.extension().string());
}

void WaveRecorder::arm(Waves waves, Pin trigger) {
  waves_ = std::move(waves);
  trigger_ = trigger;
  state_ = State::kWaiting;
  due_ = 0;
}

bool WaveRecorder::start(const fs::path& file) {
  stop();
  return open(file);
}

void WaveRecorder::stop() {
  close();
  state_ = State::kOther;
  due_ = kNever;
}

bool WaveRecorder::open(const fs::path& file) {
  if (!abi_.trace_open) return false;
  std::vector<const char*> names;
  for (const std::string& track : tracks_) names.push_back(track.c_str());
  open_ = abi_.trace_open(instance_, file.c_str(), names.data(), static_cast<std::uint32_t>(names.size())) != 0;
  for (std::uint32_t i = 0; open_ && i < texts_.size(); ++i) abi_.trace_note(instance_, i, texts_[i].c_str());
  return open_;
}

void WaveRecorder::close() {
  if (open_) abi_.trace_close(instance_);
  open_ = false;
}

void WaveRecorder::begin(std::uint64_t cycle) {
  stop();
  if (!open(waves_.file)) return log_.error("no waveform", {{"file", waves_.file.string()}});
  if (waves_.window_cycles == 0) return;
  std::error_code ignored;
  fs::remove(before(waves_.file), ignored);  // of another run
  state_ = State::kBefore;
  set_due(cycle + waves_.window_cycles + ahead_);
}

void WaveRecorder::turn_over(std::uint64_t cycle) {
  close();
  std::error_code error;
  fs::rename(waves_.file, before(waves_.file), error);
  if (!error && open(waves_.file)) return set_due(cycle + waves_.window_cycles + ahead_);
  log_.error("no waveform any more", {{"file", waves_.file.string()}});
  stop();
}

void WaveRecorder::attend(std::uint64_t cycle, std::uint64_t next_edge) {
  switch (state_) {
    case State::kOther: break;
    case State::kWaiting:
      if (next_edge < waves_.from.value()) break;
      if (waves_.window_cycles > 0 || !trigger_ || triggered()) begin(cycle);
      break;
    case State::kBefore:
      if (triggered())
        mark(cycle, next_edge);
      else if (cycle >= turn_over_)
        turn_over(cycle);
      break;
    case State::kBehind: stop(); break;
  }
}

void WaveRecorder::mark(std::uint64_t cycle, std::uint64_t next_edge) {
  if (state_ == State::kWaiting) attend(cycle, next_edge);
  if (state_ != State::kBefore) return;
  state_ = State::kBehind;
  due_ = cycle + waves_.window_cycles;
}

std::uint64_t WaveRecorder::missing(std::uint64_t cycle) const {
  return state_ == State::kBehind && due_ > cycle ? due_ - cycle : 0;
}

std::uint32_t WaveRecorder::add_track(std::string name) {
  tracks_.push_back(std::move(name));
  texts_.emplace_back();
  return static_cast<std::uint32_t>(tracks_.size() - 1);
}

void WaveRecorder::note(std::uint32_t track, const std::string& text) {
  if (!open_) return;
  texts_[track] = text;
  abi_.trace_note(instance_, track, text.c_str());
}

}  // namespace cardvp::rtl
