// AXI4-Lite subordinate of 32 bits in front of a block's registers.
//
// A write is taken when address and data are there and the response before it is gone: `write` is then 1 for one cycle,
// with the word's address (bits 1:0 are 0), the data, and write_mask, which has 8 ones for each strobe. A read is taken
// when the data before it is gone: `read` is 1 for one cycle, and read_data is sampled at its end. `*_error` in that
// cycle answers SLVERR; the block then changes nothing. One access of each kind per cycle; a response comes in the cycle
// behind it. AxPROT is ignored, and so are address bits 1:0.
module axil_slave #(
    parameter int ADDRESS_BITS = 12
) (
    input  logic                    clk,
    input  logic                    rst_n,
    input  logic [ADDRESS_BITS-1:0] s_axil_awaddr,
    input  logic [             2:0] s_axil_awprot,
    input  logic                    s_axil_awvalid,
    output logic                    s_axil_awready,
    input  logic [            31:0] s_axil_wdata,
    input  logic [             3:0] s_axil_wstrb,
    input  logic                    s_axil_wvalid,
    output logic                    s_axil_wready,
    output logic [             1:0] s_axil_bresp,
    output logic                    s_axil_bvalid,
    input  logic                    s_axil_bready,
    input  logic [ADDRESS_BITS-1:0] s_axil_araddr,
    input  logic [             2:0] s_axil_arprot,
    input  logic                    s_axil_arvalid,
    output logic                    s_axil_arready,
    output logic [            31:0] s_axil_rdata,
    output logic [             1:0] s_axil_rresp,
    output logic                    s_axil_rvalid,
    input  logic                    s_axil_rready,

    output logic                    write,
    output logic [ADDRESS_BITS-1:0] write_address,
    output logic [            31:0] write_data,
    output logic [            31:0] write_mask,
    input  logic                    write_error,
    output logic                    read,
    output logic [ADDRESS_BITS-1:0] read_address,
    input  logic [            31:0] read_data,
    input  logic                    read_error
);
  localparam logic [1:0] OKAY = 2'b00, SLVERR = 2'b10;

  assign write = rst_n && s_axil_awvalid && s_axil_wvalid && (!s_axil_bvalid || s_axil_bready);
  assign s_axil_awready = write;
  assign s_axil_wready = write;
  assign write_address = {s_axil_awaddr[ADDRESS_BITS-1:2], 2'b00};
  assign write_data = s_axil_wdata;
  assign write_mask = {{8{s_axil_wstrb[3]}}, {8{s_axil_wstrb[2]}}, {8{s_axil_wstrb[1]}}, {8{s_axil_wstrb[0]}}};

  assign s_axil_arready = rst_n && (!s_axil_rvalid || s_axil_rready);
  assign read = s_axil_arvalid && s_axil_arready;
  assign read_address = {s_axil_araddr[ADDRESS_BITS-1:2], 2'b00};

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      s_axil_bvalid <= 1'b0;
      s_axil_bresp  <= OKAY;
      s_axil_rvalid <= 1'b0;
      s_axil_rresp  <= OKAY;
      s_axil_rdata  <= '0;
    end else begin
      if (write) begin
        s_axil_bvalid <= 1'b1;
        s_axil_bresp  <= write_error ? SLVERR : OKAY;
      end else if (s_axil_bready) begin
        s_axil_bvalid <= 1'b0;
      end
      if (read) begin
        s_axil_rvalid <= 1'b1;
        s_axil_rresp  <= read_error ? SLVERR : OKAY;
        s_axil_rdata  <= read_error ? '0 : read_data;
      end else if (s_axil_rready) begin
        s_axil_rvalid <= 1'b0;
      end
    end
  end

  logic unused;
  assign unused = &{1'b0, s_axil_awprot, s_axil_arprot, s_axil_awaddr[1:0], s_axil_araddr[1:0]};
endmodule
