// The tweaks of XTS (IEEE 1619): for each data unit the encrypted unit number, then times alpha from block to block.
//
// `load` takes the first unit's number and forgets the rest; while `run`, units follow one another with their numbers
// counting up. `tweak` holds for the next block while `valid`; `take` moves on, to the next unit with unit_end. The next
// unit's tweak is encrypted ahead, by the engine behind encrypt_*.
module aes_tweak
  import aes_package::*;
#(
    parameter int BUG = 0  // 1: see aes
) (
    input  logic   clk,
    input  logic   rst_n,
    input  logic   load,
    input  block_t first_unit,    // byte 0 lowest, as all here
    input  logic   run,
    output logic   valid,
    output block_t tweak,
    input  logic   take,
    input  logic   unit_end,
    output logic   encrypt_start,
    output block_t encrypt_data,  // byte 0 highest
    input  logic   encrypt_busy,
    input  logic   encrypt_done,
    input  block_t encrypted
);
  block_t unit, ahead;
  logic ahead_valid, needs_next;

  assign needs_next = !valid || (take && unit_end);
  assign encrypt_start = run && !encrypt_busy && !encrypt_done && (!ahead_valid || needs_next);
  assign encrypt_data = byte_reverse(unit);

  block_t stepped;
  always_comb begin
    stepped = times_alpha(tweak);
    if (BUG == 1) stepped[64] = 1'b0;
  end

  always_ff @(posedge clk) begin
    if (!rst_n || load) begin
      valid       <= 1'b0;
      ahead_valid <= 1'b0;
      unit        <= first_unit;
    end else begin
      if (encrypt_start) unit <= unit + 1;
      if (needs_next) begin
        valid <= ahead_valid;
        tweak <= ahead;
      end else if (take) begin
        tweak <= stepped;
      end
      if (encrypt_done && run) begin
        ahead       <= byte_reverse(encrypted);
        ahead_valid <= 1'b1;
      end else if (needs_next) begin
        ahead_valid <= 1'b0;
      end
    end
  end
endmodule
