// Key expansion of AES-128 and AES-256 (FIPS 197, 5.2), one word a cycle: 44 or 60 cycles from `start` to `done`.
//
// key: the cipher key, byte 0 highest; a key of 128 bits is its upper half. round_key: whitening is 0, the rounds of
// AES-256 are 1 to 14, those of AES-128 are 5 to 14 (see aes_pipeline). `zeroise` clears them.
module aes_key_schedule
  import aes_package::*;
(
    input  logic         clk,
    input  logic         rst_n,
    input  logic         zeroise,
    input  logic         start,
    input  logic         key_256,
    input  logic [255:0] key,
    output logic         done,
    output block_t       round_key[ROUNDS+1]
);
  logic        busy;
  logic [ 5:0] count;      // of the word that is made
  logic [ 5:0] place;      // where it goes: word number over all round keys
  logic [31:0] window[8];  // the words before it, the latest in 0
  logic [ 7:0] constant;
  logic [31:0] word;

  logic first_of_key, middle_of_key;
  assign first_of_key  = key_256 ? count[2:0] == 0 : count[1:0] == 0;
  assign middle_of_key = key_256 && count[2:0] == 4;
  assign place = !key_256 && count >= 4 ? count + 6'd16 : count;

  always_comb begin
    logic [31:0] mixed;
    mixed = window[0];
    if (first_of_key) mixed = sub_word({window[0][23:0], window[0][31:24]}) ^ {constant, 24'h0};
    else if (middle_of_key) mixed = sub_word(window[0]);
    word = (key_256 ? window[7] : window[3]) ^ mixed;
    if (count < (key_256 ? 6'd8 : 6'd4)) word = key[255-32*count[2:0]-:32];
  end

  always_ff @(posedge clk) begin
    done <= 1'b0;
    if (!rst_n || zeroise) begin
      busy <= 1'b0;
      for (int i = 0; i <= ROUNDS; ++i) round_key[i] <= '0;
      for (int i = 0; i < 8; ++i) window[i] <= '0;
    end else if (start) begin
      busy     <= 1'b1;
      count    <= '0;
      constant <= 8'h01;
    end else if (busy) begin
      round_key[place[5:2]][127-32*place[1:0]-:32] <= word;
      window[0] <= word;
      for (int i = 1; i < 8; ++i) window[i] <= window[i-1];
      if (first_of_key && count >= (key_256 ? 6'd8 : 6'd4))
        constant <= {constant[6:0], 1'b0} ^ (constant[7] ? 8'h1b : 8'h00);
      count <= count + 1;
      if (count == (key_256 ? 6'd59 : 6'd43)) begin
        busy <= 1'b0;
        done <= 1'b1;
      end
    end
  end
endmodule
