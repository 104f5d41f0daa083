// Internet checksum (RFC 1071) and CRC-32C (Castagnoli; RFC 3720, 12.1) of the packets of a stream, both at once.
//
// Ports: clk; rst_n, synchronous, active low, at least one cycle; s_axil_*, AXI4-Lite with the registers of checksum.def;
// s_axis_*, AXI4-Stream of 64 bits, byte 0 lowest; irq, level.
//
// A packet's results are in SUM, CRC and BYTES from the cycle behind its last beat on, with INTERRUPT_STATUS.DONE; they
// stay, and the next packet waits (tready 0), until DONE is cleared. INITIAL_SUM and INITIAL_CRC count as they are when a
// packet's first beat is taken. A packet without a byte is a beat with tlast and no byte in tkeep.
//
// Throughput: a beat a cycle.
//
// Bad input: a beat with gaps in tkeep, or one that is not full and not the last, sets ERROR.FRAMING; its bytes up to the
// first gap count. Addresses without a register answer SLVERR and do nothing.
//
// BUG, for demonstrations of lockstep: 0 none; 1 the carry out of 16 bits is lost when a beat's words are added; 2 an odd
// last byte is added as a low byte; 3 one bit of the CRC's polynomial is wrong.
module checksum #(
    parameter int BUG = 0
) (
    input  logic        clk,
    input  logic        rst_n,
    input  logic [11:0] s_axil_awaddr,
    input  logic [ 2:0] s_axil_awprot,
    input  logic        s_axil_awvalid,
    output logic        s_axil_awready,
    input  logic [31:0] s_axil_wdata,
    input  logic [ 3:0] s_axil_wstrb,
    input  logic        s_axil_wvalid,
    output logic        s_axil_wready,
    output logic [ 1:0] s_axil_bresp,
    output logic        s_axil_bvalid,
    input  logic        s_axil_bready,
    input  logic [11:0] s_axil_araddr,
    input  logic [ 2:0] s_axil_arprot,
    input  logic        s_axil_arvalid,
    output logic        s_axil_arready,
    output logic [31:0] s_axil_rdata,
    output logic [ 1:0] s_axil_rresp,
    output logic        s_axil_rvalid,
    input  logic        s_axil_rready,
    input  logic [63:0] s_axis_tdata,
    input  logic [ 7:0] s_axis_tkeep,
    input  logic        s_axis_tlast,
    input  logic        s_axis_tvalid,
    output logic        s_axis_tready,
    output logic        irq
);
  localparam logic [11:0] ID = 12'h000, CONTROL = 12'h004, STATUS = 12'h008, ERROR = 12'h00c,
      INTERRUPT_STATUS = 12'h010, INTERRUPT_ENABLE = 12'h014, INITIAL_SUM = 12'h018, INITIAL_CRC = 12'h01c,
      SUM = 12'h020, CRC = 12'h024, BYTES = 12'h028;
  // Reflected: bit 0 is the highest power.
  localparam logic [31:0] POLYNOMIAL = BUG == 3 ? 32'h82f6_3b7a : 32'h82f6_3b78;

  logic write, write_error, read, read_error;
  logic [11:0] write_address, read_address;
  logic [31:0] write_data, write_mask, read_data;
  axil_slave axil (.*);

  // A beat: as many bytes as stand without a gap; the others are 0.
  logic accept, framing;
  logic [3:0] count;
  logic [7:0] beat[8];
  always_comb begin
    count = '0;
    for (int i = 0; i < 8; ++i) if (s_axis_tkeep[i] && count == 4'(i)) count = 4'(i + 1);
    for (int i = 0; i < 8; ++i) beat[i] = 4'(i) < count ? s_axis_tdata[8*i+:8] : 8'h00;
  end
  assign accept  = s_axis_tvalid && s_axis_tready;
  assign framing = accept && ((s_axis_tkeep & (s_axis_tkeep + 1)) != 0 || (!s_axis_tlast && count != 8));

  // One's complement addition: the carries come in again at the lower end.
  function automatic logic [15:0] fold(logic [18:0] x);
    logic [16:0] once;
    once = 17'(x[15:0]) + 17'(x[18:16]);
    return once[15:0] + 16'(once[16]);
  endfunction
  function automatic logic [15:0] add(logic [15:0] sum, logic [63:0] words);
    logic [18:0] total;
    total = 19'(sum);
    for (int i = 0; i < 4; ++i) total = total + 19'(words[16*i+:16]);
    return BUG == 1 ? total[15:0] : fold(total);
  endfunction
  // What a byte at the lower end of the CRC comes to, for each byte.
  function automatic logic [255:0][31:0] crc_table();
    logic [31:0] x;
    for (int n = 0; n < 256; ++n) begin
      x = 32'(n);
      for (int i = 0; i < 8; ++i) x = (x >> 1) ^ (x[0] ? POLYNOMIAL : 32'h0);
      crc_table[n] = x;
    end
  endfunction
  localparam logic [255:0][31:0] CRC_TABLE = crc_table();
  function automatic logic [31:0] crc_byte(logic [31:0] crc, logic [7:0] data);
    return (crc >> 8) ^ CRC_TABLE[crc[7:0]^data];
  endfunction

  logic busy, done;  // a packet is under way; its results are there
  logic [15:0] initial_sum, sum, next_sum;
  logic [31:0] initial_crc, crc, next_crc, bytes;  // crc: complemented, as it is read
  logic [63:0] words;
  always_comb begin
    for (int i = 0; i < 4; ++i) words[16*i+:16] = {beat[2*i], beat[2*i+1]};
    if (BUG == 2 && count[0]) words = {8'b0, words[63:8]};
    next_sum = add(busy ? sum : initial_sum, words);
    next_crc = ~(busy ? crc : initial_crc);
    for (int i = 0; i < 8; ++i) if (4'(i) < count) next_crc = crc_byte(next_crc, beat[i]);
  end
  assign s_axis_tready = rst_n && !done;

  logic error, error_status, restart;
  logic [1:0] interrupt_enable;
  assign restart = write && write_address == CONTROL && write_data[0] && write_mask[0];

  function automatic logic cleared(logic [11:0] address, logic [4:0] place);
    return write && write_address == address && write_data[place] && write_mask[place];
  endfunction

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      busy  <= 1'b0;
      done  <= 1'b0;
      sum   <= '0;
      crc   <= '0;
      bytes <= '0;
    end else begin
      if (accept) begin
        busy  <= !s_axis_tlast;
        sum   <= next_sum;
        crc   <= ~next_crc;
        bytes <= (busy ? bytes : 0) + 32'(count);
      end
      if (restart) busy <= 1'b0;
      if (accept && s_axis_tlast && !restart) done <= 1'b1;
      else if (cleared(INTERRUPT_STATUS, 0)) done <= 1'b0;
    end
  end

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      error            <= 1'b0;
      error_status     <= 1'b0;
      interrupt_enable <= '0;
      initial_sum      <= '0;
      initial_crc      <= '0;
    end else begin
      error        <= (error && !cleared(ERROR, 0)) || framing;
      error_status <= (error_status && !cleared(INTERRUPT_STATUS, 1)) || framing;
      if (write) begin
        case (write_address)
          INTERRUPT_ENABLE: interrupt_enable <= 2'((32'(interrupt_enable) & ~write_mask) | (write_data & write_mask));
          INITIAL_SUM: initial_sum <= 16'((32'(initial_sum) & ~write_mask) | (write_data & write_mask));
          INITIAL_CRC: initial_crc <= (initial_crc & ~write_mask) | (write_data & write_mask);
          default: ;
        endcase
      end
    end
  end
  assign irq = |({error_status, done} & interrupt_enable);

  assign write_error = write_address > BYTES;
  assign read_error  = read_address > BYTES;
  always_comb begin
    case (read_address)
      ID: read_data = 32'h43534d01;
      STATUS: read_data = 32'(busy);
      ERROR: read_data = 32'(error);
      INTERRUPT_STATUS: read_data = {30'b0, error_status, done};
      INTERRUPT_ENABLE: read_data = 32'(interrupt_enable);
      INITIAL_SUM: read_data = 32'(initial_sum);
      INITIAL_CRC: read_data = initial_crc;
      SUM: read_data = {~sum, sum};
      CRC: read_data = crc;
      BYTES: read_data = bytes;
      default: read_data = '0;
    endcase
  end

  logic unused;
  assign unused = &{1'b0, read};
endmodule
