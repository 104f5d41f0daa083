// AES, both directions, a block a cycle: state_out = mask ^ AES(state_in), 15 cycles later, mask, keep and last being
// those that came with the block. All of it moves while `advance` is 1. round_key, key_256 and decrypt must not change
// while blocks are inside. `clear` empties it.
//
// Stage 0 adds the whitening key, stage i is round i. AES-128 has its keys in 5 to 14, and passes stages 1 to 4 through;
// decryption goes through the same keys from 14 down, and passes those stages whose key is not there.
module aes_pipeline
  import aes_package::*;
(
    input  logic        clk,
    input  logic        rst_n,
    input  logic        clear,
    input  logic        advance,
    input  block_t      round_key[ROUNDS+1],
    input  logic        key_256,
    input  logic        decrypt,
    input  logic        in_valid,
    input  block_t      in_state,
    input  block_t      in_mask,
    input  logic [15:0] in_keep,
    input  logic        in_last,
    output logic        out_valid,
    output block_t      out_state,
    output block_t      out_mask,
    output logic [15:0] out_keep,
    output logic        out_last,
    output logic        empty
);
  block_t state[ROUNDS+1];
  block_t mask[ROUNDS+1];
  logic [15:0] keep[ROUNDS+1];
  logic [ROUNDS:0] valid, last;

  always_ff @(posedge clk) begin
    if (!rst_n || clear) begin
      valid <= '0;
    end else if (advance) begin
      valid <= {valid[ROUNDS-1:0], in_valid};
    end
  end

  always_ff @(posedge clk) begin
    if (advance && in_valid) begin
      state[0] <= in_state ^ round_key[decrypt?ROUNDS : 0];
      mask[0]  <= in_mask;
      keep[0]  <= in_keep;
      last[0]  <= in_last;
    end
  end

  for (genvar i = 1; i <= ROUNDS; ++i) begin : g_stage
    localparam bit PASSED_ENCRYPTING = i <= 4;
    localparam bit PASSED_DECRYPTING = i >= ROUNDS - 4 && i < ROUNDS;
    always_ff @(posedge clk) begin
      if (advance && valid[i-1]) begin
        if (!key_256 && (decrypt ? PASSED_DECRYPTING : PASSED_ENCRYPTING)) state[i] <= state[i-1];
        else if (decrypt) state[i] <= decrypt_round(state[i-1], round_key[ROUNDS-i], i == ROUNDS);
        else state[i] <= encrypt_round(state[i-1], round_key[i], i == ROUNDS);
        mask[i] <= mask[i-1];
        keep[i] <= keep[i-1];
        last[i] <= last[i-1];
      end
    end
  end

  assign out_valid = valid[ROUNDS];
  assign out_state = state[ROUNDS];
  assign out_mask  = mask[ROUNDS];
  assign out_keep  = keep[ROUNDS];
  assign out_last  = last[ROUNDS];
  assign empty     = valid == '0;
endmodule
