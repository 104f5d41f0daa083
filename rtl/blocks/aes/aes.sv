// AES engine: XTS (IEEE 1619, whole blocks) and GCM (SP 800-38D) with keys of 128 or 256 bits.
//
// Ports: clk; rst_n, synchronous, active low, at least one cycle; s_axil_*, AXI4-Lite with the registers of aes.def;
// s_axis_* data in and m_axis_* data out, AXI4-Stream of 128 bits, byte 0 lowest; irq, level.
//
// A command: write KEY and MODE, lengths, IV; write CONTROL.START; send one packet in; take one packet of DATA_LENGTH
// bytes out. The packet in is, each starting in a beat of its own: the IV (GCM with IV_LENGTH other than 12), the
// additional data, the data; tlast on its last beat only. Nothing is sent if all are empty, and no packet comes out
// without data. Bytes beyond the end of a part are ignored; out, tkeep covers the data. Beats wait (tready 0) while no
// command wants them. INTERRUPT_STATUS.DONE is set behind the last beat's leaving and, with GCM, the tag.
//
// Latency: 15 cycles from beat to beat. The first data beat is taken 15 or 19 cycles (keys of 128, 256 bits) behind START
// with XTS and 3 with GCM; new keys, or other ones by MODE, add 45 or 61, and with GCM 11 or 15 more. Throughput: a beat
// a cycle, of XTS in units of 256 bytes or more (a unit takes no less than 12 or 16 cycles), and of GCM's additional data
// too.
//
// Bad input: registers that make no sense (lengths as in aes.def; XTS with two equal keys) set ERROR.CONFIG and start
// nothing. A packet that is too short ends the command, the packet out too; of one that is too long the rest is
// dropped; both set ERROR.FRAMING and give no tag. A missing byte in tkeep sets ERROR.FRAMING, the byte counts as it
// is on tdata. Decrypted GCM data come out before the tag is known to be right: they must not be used until it is, and
// ERROR.TAG says that it is not. Writing what a command under way depends on, and START while BUSY, answer SLVERR and do
// nothing; so do addresses without a register, in both directions. Keys can only be written.
//
// BUG, for demonstrations of lockstep: 0 none; 1 the carry from bit 63 to bit 64 of XTS tweaks is lost; 2 GHASH leaves
// out its reduction at its last step, which shows with half of the keys; 3 GCM's counter does not carry beyond 8 bits: wrong from the 255th block on.
module aes
  import aes_package::*;
#(
    parameter int BUG = 0
) (
    input  logic         clk,
    input  logic         rst_n,
    input  logic [ 11:0] s_axil_awaddr,
    input  logic [  2:0] s_axil_awprot,
    input  logic         s_axil_awvalid,
    output logic         s_axil_awready,
    input  logic [ 31:0] s_axil_wdata,
    input  logic [  3:0] s_axil_wstrb,
    input  logic         s_axil_wvalid,
    output logic         s_axil_wready,
    output logic [  1:0] s_axil_bresp,
    output logic         s_axil_bvalid,
    input  logic         s_axil_bready,
    input  logic [ 11:0] s_axil_araddr,
    input  logic [  2:0] s_axil_arprot,
    input  logic         s_axil_arvalid,
    output logic         s_axil_arready,
    output logic [ 31:0] s_axil_rdata,
    output logic [  1:0] s_axil_rresp,
    output logic         s_axil_rvalid,
    input  logic         s_axil_rready,
    input  logic [127:0] s_axis_tdata,
    input  logic [ 15:0] s_axis_tkeep,
    input  logic         s_axis_tlast,
    input  logic         s_axis_tvalid,
    output logic         s_axis_tready,
    output logic [127:0] m_axis_tdata,
    output logic [ 15:0] m_axis_tkeep,
    output logic         m_axis_tlast,
    output logic         m_axis_tvalid,
    input  logic         m_axis_tready,
    output logic         irq
);
  // Registers.
  logic write, write_error, read, read_error;
  logic [11:0] write_address, read_address;
  logic [31:0] write_data, write_mask, read_data;
  axil_slave axil (.*);

  command_t command;
  logic [511:0] key;
  logic key_changed, start, abort, zeroise, busy, done, tag_ok;
  logic [2:0] errors;
  block_t tag_out;
  aes_registers registers (.*);

  // Keys: number 1 is GCM's only one, and that of XTS's data.
  logic [511:0] key_bytes;  // byte 0 highest
  logic [255:0] key_1, key_2;
  logic expand, expanded, expanded_2;
  block_t round_key_1[ROUNDS+1], round_key_2[ROUNDS+1];
  for (genvar i = 0; i < 64; ++i) begin : g_key_bytes
    assign key_bytes[8*i+:8] = key[8*(63-i)+:8];
  end
  assign key_1 = key_bytes[511:256];
  assign key_2 = command.key_256 ? key_bytes[255:0] : {key_bytes[383:256], 128'b0};
  aes_key_schedule schedule_1 (
      .clk, .rst_n, .zeroise, .start(expand), .key_256(command.key_256), .key(key_1), .done(expanded),
      .round_key(round_key_1));
  aes_key_schedule schedule_2 (
      .clk, .rst_n, .zeroise, .start(expand), .key_256(command.key_256), .key(key_2), .done(expanded_2),
      .round_key(round_key_2));
  logic equal_keys;
  assign equal_keys = command.key_256 ? key_1 == key_2 : key_1[255:128] == key_2[255:128];

  // Control.
  logic begin_command, data_phase, in_ready, may_push, push, push_last, unit_end, pipeline_empty;
  logic [15:0] push_keep;
  block_t counter, in_block;
  logic control_start, encrypt_start, encrypt_busy, encrypt_done;
  block_t control_data, encrypt_data, encrypted;
  block_t hash_key, lengths, hash;
  logic hash_clear, hash_beat, hash_lengths;
  assign in_block = byte_reverse(s_axis_tdata);
  assign s_axis_tready = in_ready;
  aes_control control (
      .in_valid(s_axis_tvalid), .in_keep(s_axis_tkeep), .in_last(s_axis_tlast),
      .encrypt_start(control_start), .encrypt_data(control_data), .*);

  // Tweaks, and the single encryptions that they and GCM need.
  logic tweak_valid, tweak_start;
  block_t tweak, tweak_data;
  block_t round_key_single[ROUNDS+1];
  aes_tweak #(.BUG(BUG)) tweaks (
      .clk, .rst_n, .load(begin_command || abort), .first_unit(command.iv), .run(data_phase && !command.gcm),
      .valid(tweak_valid), .tweak, .take(push && !command.gcm), .unit_end,
      .encrypt_start(tweak_start), .encrypt_data(tweak_data), .encrypt_busy, .encrypt_done, .encrypted);
  assign encrypt_start = control_start || tweak_start;
  assign encrypt_data  = command.gcm ? control_data : tweak_data;
  assign round_key_single = command.gcm ? round_key_1 : round_key_2;
  aes_iterative single (
      .clk, .rst_n, .clear(abort), .round_key(round_key_single), .key_256(command.key_256), .start(encrypt_start),
      .data(encrypt_data), .busy(encrypt_busy), .done(encrypt_done), .result(encrypted));

  // Data: XTS is tweak ^ AES(tweak ^ data), GCM is data ^ AES(counter).
  logic advance, out_valid, out_last;
  block_t in_state, in_mask, out_state, out_mask, out_block, counter_now;
  logic [15:0] out_keep;
  assign counter_now = BUG == 3 ? {counter[127:32], 24'b0, counter[7:0]} : counter;
  assign advance  = !out_valid || m_axis_tready;
  assign may_push = advance && (command.gcm || tweak_valid);
  assign in_state = command.gcm ? counter_now : in_block ^ byte_reverse(tweak);
  assign in_mask  = command.gcm ? in_block : byte_reverse(tweak);
  aes_pipeline pipeline (
      .clk, .rst_n, .clear(abort), .advance, .round_key(round_key_1), .key_256(command.key_256),
      .decrypt(command.decrypt && !command.gcm), .in_valid(push), .in_state, .in_mask, .in_keep(push_keep),
      .in_last(push_last), .out_valid, .out_state, .out_mask, .out_keep, .out_last, .empty(pipeline_empty));
  assign out_block     = (out_state ^ out_mask) & byte_mask(out_keep);
  assign m_axis_tdata  = byte_reverse(out_block);
  assign m_axis_tkeep  = out_keep;
  assign m_axis_tlast  = out_last;
  assign m_axis_tvalid = out_valid;

  // GHASH: additional data as they come, ciphertext as it leaves.
  block_t hash_in;
  logic hash_output;
  assign hash_output = command.gcm && out_valid && m_axis_tready;
  always_comb begin
    if (hash_lengths) hash_in = lengths;
    else if (hash_beat) hash_in = in_block & byte_mask(push_keep);
    else hash_in = command.decrypt ? out_mask & byte_mask(out_keep) : out_block;
  end
  ghash #(.BUG(BUG)) ghash (
      .clk, .rst_n, .clear(hash_clear), .absorb(hash_beat || hash_lengths || hash_output), .h(hash_key), .x(hash_in),
      .y(hash));

  logic unused;
  assign unused = &{1'b0, read, expanded_2};
endmodule
