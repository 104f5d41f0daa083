// The Toeplitz hash of receive-side scaling: a key of 40 bytes, an input of up to 36.
//
// Ports: clk; rst_n, synchronous, active low, at least one cycle; a register port: in a cycle with cs, the word at
// `address`, which counts words, is written with we, and is on read_data, in the same cycle, without. Registers:
// toeplitz.def.
//
// A hash: write KEY (it stays), INPUT, then LENGTH; read HASH when STATUS.BUSY is 0: it is 1 for one cycle for each 4
// bytes or part of them, at least one and at most 9.
//
// Bad input: a LENGTH of more than 36 sets STATUS.ERROR and HASH stays. Writes while BUSY, to what cannot be written and
// to addresses without a register are ignored; such addresses read as 0.
//
// BUG, for demonstrations of lockstep: 0 none; 1 the key's bit 159 is taken for 0, which shows with inputs of more than 16
// bytes.
module toeplitz #(
    parameter int BUG = 0
) (
    input  logic        clk,
    input  logic        rst_n,
    input  logic        cs,
    input  logic        we,
    input  logic [ 5:0] address,
    input  logic [31:0] write_data,
    output logic [31:0] read_data
);
  localparam logic [7:0] ID = 8'h00, LENGTH = 8'h04, STATUS = 8'h08, HASH = 8'h0c, KEY = 8'h40, INPUT = 8'h80;
  localparam int KEY_WORDS = 10, INPUT_WORDS = 9;
  localparam logic [31:0] MOST_BYTES = 4 * INPUT_WORDS;

  // The first byte of a word is its lowest here, its highest where bits are counted from the left.
  function automatic logic [31:0] swapped(logic [31:0] x);
    return {x[7:0], x[15:8], x[23:16], x[31:24]};
  endfunction

  logic [31:0] key[KEY_WORDS], words[INPUT_WORDS];
  logic [31:0] length, hash;
  logic [3:0] step;  // of the word that is hashed
  logic busy, error;

  logic [7:0] at;
  logic [3:0] word;
  logic is_key, is_input;
  assign at = {address, 2'b00};
  assign word = address[3:0];
  assign is_key = (at ^ KEY) < 8'h40 && word < 4'(KEY_WORDS);
  assign is_input = (at ^ INPUT) < 8'h40 && word < 4'(INPUT_WORDS);

  // One step: 32 bits of the input choose among 32 windows of the key.
  logic [31:0] bits, chosen, keep;
  logic [63:0] window;
  logic [5:0] left;  // bytes
  assign left = length[5:0] - {step, 2'b00};
  assign keep = left >= 4 ? '1 : ~(32'hffff_ffff >> {left[1:0], 3'b000});
  assign bits = swapped(words[step]) & keep;
  always_comb begin
    window = {swapped(key[step]), swapped(key[step+1])};
    if (BUG == 1 && step == 4) window[32] = 1'b0;
    chosen = '0;
    for (int i = 0; i < 32; ++i)
      if (bits[31-i]) chosen = chosen ^ window[63-i-:32];
  end

  logic write, start;
  assign write = cs && we;  // ignored while busy
  assign start = write && at == LENGTH && write_data <= MOST_BYTES;
  always_ff @(posedge clk) begin
    if (!rst_n) begin
      for (int i = 0; i < KEY_WORDS; ++i) key[i] <= '0;
      for (int i = 0; i < INPUT_WORDS; ++i) words[i] <= '0;
      length <= '0;
      hash   <= '0;
      busy   <= 1'b0;
      error  <= 1'b0;
    end else if (busy) begin
      step <= step + 1;
      if (left != 0) hash <= hash ^ chosen;
      busy <= left > 4;
    end else if (write) begin
      if (is_key) key[word] <= write_data;
      if (is_input) words[word] <= write_data;
      if (at == LENGTH) error <= error || !start;
      if (at == STATUS) error <= error && !write_data[1];
      if (start) begin
        length <= write_data;
        hash   <= '0;
        step   <= '0;
        busy   <= 1'b1;
      end
    end
  end

  always_comb begin
    read_data = '0;
    if (cs && !we) begin
      case (at)
        ID: read_data = 32'h52535301;
        LENGTH: read_data = length;
        STATUS: read_data = {30'b0, error, busy};
        HASH: read_data = hash;
        default: begin
          if (is_key) read_data = key[word];
          if (is_input) read_data = words[word];
        end
      endcase
    end
  end
endmodule
