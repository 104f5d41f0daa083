// AES encryption of one block at a time, a round a cycle: for XTS tweaks, and for GCM's hash key and tag mask.
//
// `start` (while not busy) takes the block; `done` is 1 for one cycle, 11 or 15 cycles later, from when on `result` holds
// until the next start. Keys as in aes_key_schedule.
module aes_iterative
  import aes_package::*;
(
    input  logic   clk,
    input  logic   rst_n,
    input  logic   clear,
    input  block_t round_key[ROUNDS+1],
    input  logic   key_256,
    input  logic   start,
    input  block_t data,
    output logic   busy,
    output logic   done,
    output block_t result
);
  logic [3:0] round;

  always_ff @(posedge clk) begin
    done <= 1'b0;
    if (!rst_n || clear) begin
      busy   <= 1'b0;
      result <= '0;
    end else if (start) begin
      busy   <= 1'b1;
      round  <= key_256 ? 4'd1 : 4'd5;
      result <= data ^ round_key[0];
    end else if (busy) begin
      result <= encrypt_round(result, round_key[round], round == 4'(ROUNDS));
      round  <= round + 1;
      busy   <= round != 4'(ROUNDS);
      done   <= round == 4'(ROUNDS);
    end
  end
endmodule
